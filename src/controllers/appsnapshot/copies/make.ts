import type { CopyVolumeStatus } from '../../../api/appsnapshot.js';
import { annotations } from '../../../api/common.js';
import { fail } from '../../../api/errors.js';
import type { AppSnapshot, BackupTarget } from '../../../api/kinds.js';
import { isAlreadyExists } from '../../../runtime/api-error.js';
import type { Client } from '../../../runtime/client.js';
import type { KubeObject } from '../../../runtime/object.js';
import { namespaces, persistentVolumeClaims, secrets, type ResourceType } from '../../../runtime/resource.js';
import { importSnapshot } from '../../../snapshots/import.js';
import { requireAuthority, rightsToCopy } from '../../authority.js';
import type { OperatorDeps } from '../../deps.js';
import { deadHosts, ensureMover } from '../../movers/jobs.js';
import { millisToRetry } from '../../movers/failures.js';
import { requireSecrets, rightsToSecrets } from '../../movers/secrets.js';
import { requirePolicies } from '../../policies.js';
import { accountOf } from '../gather.js';
import { sealMover, volumeMover, type BegunCopy } from './advance.js';
import { sealJob, sealSecret, temporaryClaim, volumeJob, type CopyContext } from './objects.js';
import { recoveryPointDocument } from './recovery-point.js';

interface Wanted {
  readonly object: AppSnapshot;
  readonly target: BackupTarget;
  readonly copy: BegunCopy;
}

/** Makes the movers that status names and that are not `there`, with what they read; one of a recovery point that failed not before its pause is over. Can be repeated. Throws AppError. */
export async function makeMovers(wanted: Wanted, there: ReadonlySet<string>, client: Client, deps: OperatorDeps): Promise<void> {
  const { object, target, copy } = wanted;
  const volumes = copy.phase === 'Copying' ? copy.volumes.filter((volume) => volume.phase === 'Copying' && !there.has(volumeMover(copy, volume))) : [];
  const seals = copy.phase === 'Sealing' && !there.has(sealMover(copy)) && millisToRetry(copy, deps.clock.now()) <= 0;
  if (volumes.length === 0 && !seals) return;
  await requirePolicies(deps.client, deps.agentNamespace);
  await requireAuthority(deps.client, accountOf(object), [...rightsToCopy, ...rightsToSecrets(target)]);
  await requireSecrets(deps.client, accountOf(object), target);
  const context: CopyContext = { ...wanted, dead: await deadHosts(client, target, copy.lockedBy ?? []), privileged: await isPrivileged(object, deps), settings: deps.mover };
  for (const volume of volumes) await makeVolumeMover(context, volume, client, deps);
  if (seals) await makeSealMover(context, client, deps);
}

/** The claim before the Job: a pod that finds no claim is put off by the scheduler for long. */
async function makeVolumeMover(context: CopyContext, volume: CopyVolumeStatus, client: Client, deps: OperatorDeps): Promise<void> {
  const { namespace, uid } = context.object.metadata;
  const member = context.object.status?.members?.find((m) => m.uid === volume.uid);
  if (member?.snapshot === undefined) throw fail('MembersDiffer', `${volume.claim} has no snapshot in this AppSnapshot.`);
  const imported = await importSnapshot(deps.client, { source: { namespace, snapshot: member.snapshot, claimUid: member.uid, driver: member.driver }, targetNamespace: namespace, restoreUid: uid });
  await ensure(client, persistentVolumeClaims, temporaryClaim(context, volume, imported, deps.caches.claims.get({ namespace, name: volume.claim })));
  await ensureMover(client, volumeJob(context, volume));
}

async function makeSealMover(context: CopyContext, client: Client, deps: OperatorDeps): Promise<void> {
  const { object, copy } = context;
  const facts = copy.volumes.flatMap(({ claim }) => {
    const found = deps.caches.claims.get({ namespace: object.metadata.namespace, name: claim });
    return found === undefined ? [] : [[claim, { storageClassName: found.storageClassName, accessModes: found.accessModes }] as const];
  });
  const { text, ...point } = recoveryPointDocument(object, copy, new Map(facts));
  await ensure(client, secrets, sealSecret(context, text));
  await ensureMover(client, sealJob(context, point));
}

/** Names have the attempt in them: what is there is what an earlier try has made. */
async function ensure(client: Client, type: ResourceType, object: KubeObject): Promise<void> {
  try {
    await client.create(type, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

/** What only whoever may edit the Namespace can say. */
async function isPrivileged({ metadata }: AppSnapshot, deps: OperatorDeps): Promise<boolean> {
  const { metadata: namespace } = await deps.client.get(namespaces, { name: metadata.namespace });
  return namespace.annotations?.[annotations.privilegedMovers] === 'true';
}
