import { apply, kubectl, waitFor } from '../../e2e/lib/kubectl.js';

/** User of the volume's files, and of everything that reads them. */
export const user = 65532;
export const claim = 'data';

const restricted = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
// On the root only: files that the kubelet gave to their group once more would look changed.
const security = { runAsNonRoot: true, runAsUser: user, runAsGroup: user, fsGroup: user, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' } };

/** Writes so many MiB that nothing makes smaller, in files of 16 MiB, into the claim, which is made when it is not there. */
export async function fill(namespace: string, name: string, mebibytes: number, gibibytes: number): Promise<void> {
  const files = Math.ceil(mebibytes / 16);
  const line = `set -e; mkdir /data/${name}; i=0; while [ $i -lt ${files} ]; do dd if=/dev/urandom of=/data/${name}/$i bs=1M count=16 2>/dev/null; i=$((i+1)); done; sync`;
  await apply(
    [
      { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: claim }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: `${gibibytes + 1}Gi` } } } },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `fill-${name}` },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          securityContext: security,
          containers: [{ name: 'fill', image: 'localhost/stillpoint-test/tools:1', command: ['sh', '-c', line], securityContext: restricted, volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim } }],
        },
      },
    ],
    namespace,
  );
  await waitFor('jsonpath={.status.phase}=Succeeded', `pod/fill-${name}`, namespace, 900);
  await kubectl(['-n', namespace, 'delete', 'pod', `fill-${name}`, '--wait=true', '--timeout=60s']);
}
