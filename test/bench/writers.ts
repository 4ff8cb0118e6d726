import { apply, kubectl } from '../e2e/lib/kubectl.js';

/** Label of the claims of the bench, by which its bare cuts select them. */
export const benchLabel = { 'bench.stillpoint.dev/volume': 'true' } as const;

/** PostgreSQL's own measuring program writes and syncs without pause from one process, as a WAL writer does. */
const fsyncing = { image: 'localhost/stillpoint-test/postgresql:15', command: ['/bin/sh', '-c', 'while :; do pg_test_fsync -f /data/file -s 60 >/dev/null; done'] };
const idle = { image: 'localhost/stillpoint-test/pause:1', command: ['/bin/sh', '-c', 'exec sleep 86400'] };

/** One pod for each volume, with a claim of its own; resolves when all run. */
export async function startWriters(namespace: string, volumes: number, writing: boolean): Promise<void> {
  const labels = { app: 'writer' };
  const container = {
    name: 'writer',
    ...(writing ? fsyncing : idle),
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  const claim = { metadata: { name: 'data', labels: benchLabel }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '256Mi' } } } };
  const statefulSet = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'writer' },
    spec: {
      serviceName: 'writer',
      replicas: volumes,
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { automountServiceAccountToken: false, terminationGracePeriodSeconds: 0, containers: [container] } },
      volumeClaimTemplates: [claim],
    },
  };
  await apply([statefulSet], namespace);
  await kubectl(['-n', namespace, 'rollout', 'status', 'statefulset/writer', '--timeout=90s']);
}
