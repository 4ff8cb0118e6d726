const program = 'set -eu; until pg_basebackup -h "$1" -U postgres -D /data/pg -X stream -R -c fast; do rm -rf /data/pg; sleep 1; done; chmod 0700 /data/pg; exec postgres -D /data/pg -c unix_socket_directories=/var/run/postgresql -c max_logical_replication_workers=2';

/** Pod `replica` with the claim `data-replica`: a streaming standby of the server `primary` (see test/apps/postgresql/manifests.ts), with a setting on its command line. */
export function replicaObjects(primary: string, image: string, size: string): object[] {
  const labels = { 'app.kubernetes.io/name': 'postgresql', 'app.kubernetes.io/instance': primary };
  const container = {
    name: 'postgres',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', program, 'replica', `${primary}-0.${primary}`],
    env: [{ name: 'PGPASSWORD', valueFrom: { secretKeyRef: { name: primary, key: 'password' } } }],
    ports: [{ containerPort: 5432 }],
    readinessProbe: { exec: { command: ['pg_isready', '-q'] }, periodSeconds: 1, timeoutSeconds: 5 },
    volumeMounts: [
      { name: 'data', mountPath: '/data' },
      { name: 'run', mountPath: '/var/run/postgresql' },
    ],
  };
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data-replica' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: size } } },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'replica', labels },
      spec: {
        securityContext: { runAsUser: 999, runAsGroup: 999 },
        containers: [container],
        volumes: [
          { name: 'data', persistentVolumeClaim: { claimName: 'data-replica' } },
          { name: 'run', emptyDir: {} },
        ],
      },
    },
  ];
}
