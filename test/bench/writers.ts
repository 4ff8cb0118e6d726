import { apply, kubectl } from '../e2e/lib/kubectl.js';
import type { Shape } from './shapes.js';

/** Label of the claims of the bench, by which its bare cuts select them. */
export const benchLabel = { 'bench.stillpoint.dev/volume': 'true' } as const;

const image = 'localhost/stillpoint-test/writer:1';
/** Small, since the machine holds 64 of them; what a database recycles of its log fits. */
const claimSize = '64Mi';

/** The pods of a shape, each with its share of the volumes; resolves when all run and write. */
export async function startWriters(namespace: string, { pods, volumes, load }: Shape): Promise<void> {
  const labels = { app: 'writer' };
  const names = Array.from({ length: volumes / pods }, (_, i) => `data-${i}`);
  const command = load === 'idle' ? ['/writer', 'idle'] : ['/writer', 'commit', `/${names[0] ?? ''}/log`];
  const container = {
    name: 'writer',
    image,
    command,
    volumeMounts: names.map((name) => ({ name, mountPath: `/${name}` })),
    // The file is complete and writing goes on.
    ...(load === 'idle' ? {} : { startupProbe: { exec: { command: ['/writer', 'written', `/${names[0] ?? ''}/log`] }, periodSeconds: 1, failureThreshold: 90 } }),
  };
  const spec = { automountServiceAccountToken: false, enableServiceLinks: false, terminationGracePeriodSeconds: 0, containers: [container] };
  const claims = names.map((name) => ({ metadata: { name, labels: benchLabel }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: claimSize } } } }));
  const statefulSet = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'writer' },
    spec: { serviceName: 'writer', replicas: pods, podManagementPolicy: 'Parallel', selector: { matchLabels: labels }, template: { metadata: { labels }, spec }, volumeClaimTemplates: claims },
  };
  await apply([statefulSet], namespace);
  await kubectl(['-n', namespace, 'rollout', 'status', 'statefulset/writer', '--timeout=300s']);
}
