import type { ServerScene } from '../../e2e/copies/scene.js';
import { apply, kubectl, waitFor } from '../../e2e/lib/kubectl.js';
import { claim, user } from './volume.js';

/** Folder of the repository of restic alone, beside that of the movers. */
export const barePrefix = 'bare';
export const bareKey = 'only-for-tests';

/** What a mover runs, without the mover: the same program and flags, on a claim made from the same snapshot, to the same server. Resolves with the id in the repository. */
export async function bareBackup({ namespace, server }: ServerScene, name: string, snapshot: string): Promise<string> {
  const image = await kubectl(['-n', 'stillpoint-system', 'get', 'deployment', 'stillpoint', '-o', 'jsonpath={.spec.template.spec.containers[0].image}']);
  const repository = `s3:${server.endpoint}/${server.bucket}/${barePrefix}/${namespace}`;
  const source = `bare-${name}`;
  await apply(
    [
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bare-key' }, stringData: { password: bareKey } },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: source },
        spec: { accessModes: ['ReadWriteOnce'], dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: snapshot }, resources: { requests: { storage: await kubectl(['-n', namespace, 'get', 'pvc', claim, '-o', 'jsonpath={.status.capacity.storage}']) } } },
      },
    ],
    namespace,
  );
  if (name === 'first') await resticPod({ namespace, name: 'bare-init', image, repository, args: ['init', '--json'] });
  await resticPod({ namespace, name: source, image, repository, source, args: ['backup', '--json', '--retry-lock=1m', `--host=${namespace}`, `--exclude=/volumes/${claim}/lost+found`, '--', `/volumes/${claim}`] });
  const said = await kubectl(['-n', namespace, 'logs', source]);
  await kubectl(['-n', namespace, 'delete', `pod/${source}`, `pvc/${source}`, '--wait=true', '--timeout=60s']);
  const summary = said.split('\n').filter((line) => line.includes('"message_type":"summary"')).map((line) => JSON.parse(line) as { snapshot_id: string });
  return summary[0]?.snapshot_id ?? '';
}

interface ResticPod {
  readonly namespace: string;
  readonly name: string;
  readonly image: string;
  readonly repository: string;
  readonly args: readonly string[];
  readonly source?: string;
}

async function resticPod({ namespace, name, image, repository, args, source }: ResticPod): Promise<void> {
  const from = (key: string): object => ({ name: key, valueFrom: { secretKeyRef: { name: 's3-login', key } } });
  const plain = Object.entries({ RESTIC_REPOSITORY: repository, RESTIC_PASSWORD_FILE: '/secrets/key/password', RESTIC_CACERT: '/secrets/ca/ca.crt', RESTIC_CACHE_DIR: '/tmp/cache', RESTIC_PROGRESS_FPS: '0.5', TMPDIR: '/tmp' });
  const mounted = [
    { volume: { name: 'key', secret: { secretName: 'bare-key' } }, mountPath: '/secrets/key' },
    { volume: { name: 'ca', secret: { secretName: 's3-ca' } }, mountPath: '/secrets/ca' },
    { volume: { name: 'scratch', emptyDir: {} }, mountPath: '/tmp' },
    ...(source === undefined ? [] : [{ volume: { name: 'source', persistentVolumeClaim: { claimName: source } }, mountPath: `/volumes/${claim}` }]),
  ];
  await apply(
    [
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: { runAsNonRoot: true, runAsUser: user, runAsGroup: user, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name: 'restic',
              image,
              command: ['/usr/local/bin/restic', ...args],
              env: [...plain.map(([key, value]) => ({ name: key, value })), from('AWS_ACCESS_KEY_ID'), from('AWS_SECRET_ACCESS_KEY')],
              securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
              volumeMounts: mounted.map(({ volume: { name: of }, mountPath }) => ({ name: of, mountPath, readOnly: of !== 'scratch' })),
            },
          ],
          volumes: mounted.map(({ volume }) => volume),
        },
      },
    ],
    namespace,
  );
  await waitFor('jsonpath={.status.phase}=Succeeded', `pod/${name}`, namespace, 1800);
}
