import type { CopyVolumeStatus } from '../../../api/appsnapshot.js';
import { recoveryPointFile } from '../../../api/recoverypoint.js';
import type { AppSnapshot, BackupTarget } from '../../../api/kinds.js';
import { larger } from '../../../manifests/quantity.js';
import { moverId, moverJob, moverLabels, type MoverJob, type MoverSettings } from '../../../movers/job.js';
import { keySecretOf, limitsOf, placeOf } from '../../../movers/place.js';
import type { MoverTask } from '../../../movers/request.js';
import type { KubeObject, OwnerReference } from '../../../runtime/object.js';
import type { ImportedSnapshot } from '../../../snapshots/import.js';
import type { ClaimProjection } from '../../views.js';
import { sealMover, volumeMover, type BegunCopy } from './advance.js';
import { partsOf, type SealedPoint } from './recovery-point.js';

/** What the objects of one copy are made from. */
export interface CopyContext {
  readonly object: AppSnapshot;
  readonly target: BackupTarget;
  readonly copy: BegunCopy;
  /** Pods that held locks and are certainly no more. */
  readonly dead: readonly string[];
  /** Admins let movers of this namespace read everything. */
  readonly privileged: boolean;
  readonly settings: MoverSettings;
}

/** They go with the AppSnapshot, also when nobody is there to remove them. */
function ownerOf({ apiVersion, kind, metadata }: AppSnapshot): OwnerReference {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid };
}

function meta({ object, target }: Pick<CopyContext, 'object' | 'target'>, name: string): KubeObject['metadata'] {
  const { uid, namespace } = object.metadata;
  return { name, namespace, labels: moverLabels(target.metadata.uid, { appSnapshot: uid }), ownerReferences: [ownerOf(object)] };
}

/** The claim that a mover reads, made from the snapshot; of the class and the size of the claim that was cut. Pure. */
export function temporaryClaim(context: CopyContext, volume: CopyVolumeStatus, imported: ImportedSnapshot, source: ClaimProjection | undefined): KubeObject {
  const sizes = [imported.restoreSize, source?.capacity ?? source?.requested].filter((size) => size !== undefined);
  const storage = sizes.reduce((a, b) => larger(a, b), '1Mi');
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: meta(context, volumeMover(context.copy, volume)),
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(source?.storageClassName === undefined ? {} : { storageClassName: source.storageClassName }),
      dataSource: imported.dataSource,
      resources: { requests: { storage } },
    },
  };
}

/** The mover of one volume. Pure. */
export function volumeJob(context: CopyContext, volume: CopyVolumeStatus): KubeObject {
  const name = volumeMover(context.copy, volume);
  return job(context, name, { verb: 'copy', setId: context.copy.id, claim: volume.claim, claimUid: volume.uid }, {
    runAs: volume.runAs ?? { user: moverId, group: moverId, groups: [] },
    privileged: context.privileged,
    source: { claim: name, of: volume.claim },
  });
}

/** The Secret that the mover of the recovery point reads. Pure. */
export function sealSecret(context: CopyContext, text: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: meta(context, sealMover(context.copy)),
    type: 'Opaque',
    data: { [recoveryPointFile]: Buffer.from(text).toString('base64') },
  };
}

const shortSeconds = 3600;

/** The mover of the recovery point. Pure. */
export function sealJob(context: CopyContext, { digest, cutAt, grade }: SealedPoint): KubeObject {
  const { copy, object } = context;
  const name = sealMover(copy);
  const volumes = copy.volumes.map(({ uid, snapshotId = '', tree = '' }) => ({ claimUid: uid, snapshotId, tree }));
  return job(context, name, { verb: 'seal', setId: copy.id, digest, cutAt, grade, volumes }, { parts: partsOf(object, name), deadlineSeconds: shortSeconds });
}

/** The mover that removes a copy from its target. Pure. */
export function forgetJob(context: CopyContext, name: string): KubeObject {
  return job(context, name, { verb: 'forget', setId: context.copy.id }, { deadlineSeconds: shortSeconds });
}

function job({ object, target, dead, settings }: CopyContext, name: string, task: MoverTask, more: Partial<MoverJob>): KubeObject {
  return moverJob(
    {
      name,
      account: object.spec.serviceAccountName,
      target,
      keySecret: keySecretOf(target),
      owner: ownerOf(object),
      worksFor: { appSnapshot: object.metadata.uid },
      request: { place: placeOf(target), host: target.metadata.namespace, task, limits: limitsOf(target.spec, task.verb === 'copy' ? target.spec.concurrency : 1), dead: [...dead] },
      runAs: { user: moverId, group: moverId, groups: [] },
      privileged: false,
      ...more,
    },
    settings,
  );
}
