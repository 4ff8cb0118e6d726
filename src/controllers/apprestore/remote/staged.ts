import { labels } from '../../../api/common.js';
import { fail } from '../../../api/errors.js';
import type { AppRestore } from '../../../api/kinds.js';
import { record } from '../../../manifests/json.js';
import { moverLabels } from '../../../movers/job.js';
import type { KubeObject } from '../../../runtime/object.js';
import type { SnapshotClass } from '../../../snapshots/capability.js';
import { chooseClass } from '../../../snapshots/choose-class.js';
import { importedName } from '../../../snapshots/import.js';
import { snapshotGroup } from '../../../snapshots/names.js';
import type { CopiedVolume, Copy } from '../copy.js';
import type { RestoredClaim } from '../restore-set.js';
import { ownerOf, type ReadContext } from './objects.js';

type Context = Pick<ReadContext, 'object' | 'target'>;

/** Name of the claim in which a volume is staged, and of the snapshot that it is cut into; what is imported from that has the same without the end. Pure. */
export function stagedName({ metadata }: AppRestore, { uid }: Pick<CopiedVolume, 'uid'>): string {
  return `${importedName(metadata.uid, uid)}-staged`;
}

function meta(context: Context, volume: CopiedVolume, own: Readonly<Record<string, string>>): KubeObject['metadata'] {
  const { object } = context;
  return { name: stagedName(object, volume), namespace: object.metadata.namespace, labels: own, ownerReferences: [ownerOf(context)] };
}

/** What of the claim in the target its volume is made by. */
const madeBy = ['accessModes', 'storageClassName', 'volumeMode', 'volumeAttributesClassName', 'resources'];

/**
 * The claim in which a volume is staged: like the one in the target, whose volume is made from a snapshot of it. It has the labels of what movers use, so that no copy takes it for a
 * part of the application, and goes with that when the restore has ended. Pure.
 */
export function stagedClaim(context: Context, { volume, captured }: RestoredClaim): KubeObject {
  const { object, target } = context;
  const spec = Object.entries(record(captured.object['spec'])).filter(([field]) => madeBy.includes(field));
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: meta(context, volume, moverLabels(target.metadata.uid, { restore: object.metadata.uid })), spec: Object.fromEntries(spec) };
}

/** The snapshot of a volume that was filled. It goes with the restore: what was imported from it may be read until then. Pure. */
export function stagedSnapshot(context: Context, volume: CopiedVolume, volumeSnapshotClassName: string): KubeObject {
  const metadata = meta(context, volume, { [labels.restore]: context.object.metadata.uid });
  return { apiVersion: `${snapshotGroup}/v1`, kind: 'VolumeSnapshot', metadata, spec: { volumeSnapshotClassName, source: { persistentVolumeClaimName: metadata.name } } };
}

/** The class by which it is cut: a snapshot of another policy would stay. Pure. Throws SnapshotClassMissing. */
export function classToCut(classes: readonly SnapshotClass[], driver: string): string {
  const chosen = chooseClass(classes.filter(({ deletionPolicy }) => deletionPolicy === 'Delete'), driver, undefined, 'VolumeSnapshotClass', 'spec');
  if (chosen !== undefined && 'class' in chosen) return chosen.class.name;
  throw fail('SnapshotClassMissing', `spec.from.staged: driver ${driver} needs a VolumeSnapshotClass with deletionPolicy Delete that is the default or the only one, by which the filled volumes are cut. An admin makes one, or marks one as the default.`, { afterSeconds: 30 });
}

/** The copy as it is restored once all of it was filled and cut: from snapshots of the namespace of the restore. Pure. */
export function stagedCopy({ status }: AppRestore, copy: Copy): Copy {
  const staged = status?.phase === 'Staging' ? [] : (status?.staged ?? []);
  const volumes = copy.volumes.map((volume): CopiedVolume => {
    const { snapshot, driver } = staged.find(({ claim }) => claim === volume.claim) ?? {};
    return snapshot === undefined || driver === undefined ? volume : { ...volume, content: { kind: 'snapshot', snapshot, driver } };
  });
  return { ...copy, volumes };
}
