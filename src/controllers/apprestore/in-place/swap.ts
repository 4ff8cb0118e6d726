import type { PreviousVolume } from '../../../api/apprestore.js';

/** A PersistentVolumeClaim, as far as replacing it asks. */
export interface SeenClaim {
  readonly uid: string;
  /** The volume that it is bound to, or asks for. */
  readonly volume: string | undefined;
  readonly phase: string;
  readonly deleting: boolean;
  /** Uid of the AppRestore that made it. */
  readonly madeBy: string | undefined;
}

/** A PersistentVolume, likewise. */
export interface SeenVolume {
  readonly uid: string;
  /** The claim that it is or was bound to, as namespace/name. */
  readonly claim: string | undefined;
  readonly claimUid: string | undefined;
  readonly phase: string;
  readonly reclaimPolicy: string;
  /** Uid of the AppRestore that keeps it. */
  readonly keptBy: string | undefined;
  readonly deleting: boolean;
}

/** What was seen of one claim, and of the old volume that was noted for it. */
export interface Seen {
  readonly claim: SeenClaim | undefined;
  readonly volume: SeenVolume | undefined;
  /** No pod has the claims and no node the old volumes: seen, not assumed. */
  readonly atRest: boolean;
}

/** The AppRestore that replaces. */
export interface Owner {
  readonly namespace: string;
  readonly uid: string;
}

/** What to do next with one claim; every action can be repeated. */
export type SwapAction =
  /** The old volume is made to outlive its claim, and marked. */
  | { readonly kind: 'keep' }
  /** Whatever holds the claims is stopped. */
  | { readonly kind: 'rest' }
  | { readonly kind: 'deleteClaim'; readonly uid: string }
  /** A claim of the old name is made, for the old volume. */
  | { readonly kind: 'createClaim' }
  /** The old volume is given to the claim that asks for it. */
  | { readonly kind: 'bind'; readonly uid: string }
  /** Reclaim policy as it was, marks off. */
  | { readonly kind: 'giveBack' }
  | { readonly kind: 'wait'; readonly why: string }
  /** Somebody else has changed what was noted: nothing is touched. */
  | { readonly kind: 'stuck'; readonly why: string }
  | { readonly kind: 'done' };

const done: SwapAction = { kind: 'done' };
const keep: SwapAction = { kind: 'keep' };
const wait = (why: string): SwapAction => ({ kind: 'wait', why });
const stuck = (why: string): SwapAction => ({ kind: 'stuck', why });

/** On the way forward: the old volume is kept, then its claim goes. Done: the name is free. Pure. */
export function replaceNext(previous: PreviousVolume, { claim, volume, atRest }: Seen, owner: Owner): SwapAction {
  const trouble = troubleWith(previous, volume, owner);
  if (volume === undefined || trouble !== undefined) return stuck(trouble ?? 'is gone');
  const kept = volume.reclaimPolicy === 'Retain' && volume.keptBy === owner.uid;
  if (claim?.uid !== previous.claimUid) return kept ? done : keep;
  if (claim.volume !== previous.volume || volume.claimUid !== claim.uid) return stuck(`is not bound to volume ${previous.volume} any more`);
  if (!kept) return keep;
  if (!atRest) return { kind: 'rest' };
  return claim.deleting ? wait('is being deleted') : { kind: 'deleteClaim', uid: claim.uid };
}

/** On the way back: the new claim goes, then one of the old name gets the old volume. Without `previous` there was no claim before. Pure. */
export function returnNext(previous: PreviousVolume | undefined, seen: Seen, owner: Owner): SwapAction {
  const { claim, volume } = seen;
  if (previous === undefined) return claim?.madeBy === owner.uid ? removeNew(claim, seen) : done;
  const trouble = troubleWith(previous, volume, owner);
  if (volume === undefined || trouble !== undefined) return stuck(trouble ?? 'is gone');
  const isOld = claim?.uid === previous.claimUid || claim?.volume === previous.volume;
  if (claim !== undefined && !isOld) return claim.madeBy === owner.uid ? removeNew(claim, seen) : stuck('is a claim that this restore has not made; delete it, or give it another name');
  if (claim?.deleting === true) return wait('is being deleted');
  // A pod that started now would have some of its volumes from before, and some from the copy.
  if (volume.claimUid !== claim?.uid && !seen.atRest) return { kind: 'rest' };
  // The name is free, so whichever claim had the volume is gone.
  if (claim === undefined) return volume.reclaimPolicy === 'Retain' ? { kind: 'createClaim' } : keep;
  if (volume.claimUid !== claim.uid) return volume.phase === 'Released' ? { kind: 'bind', uid: claim.uid } : wait(`volume ${previous.volume} is still ${volume.phase}`);
  if (claim.phase !== 'Bound') return wait(`waits for volume ${previous.volume}`);
  return volume.reclaimPolicy === previous.reclaimPolicy && volume.keptBy === undefined ? done : { kind: 'giveBack' };
}

/** A claim that the restore has made goes, and its volume by the rules of its class. */
function removeNew(claim: SeenClaim, { atRest }: Seen): SwapAction {
  if (claim.deleting) return wait('is being deleted');
  return atRest ? { kind: 'deleteClaim', uid: claim.uid } : { kind: 'rest' };
}

/** An old volume that no claim has goes by the reclaim policy that it had. Done: nothing is to be done, or nothing of ours. Pure. */
export function releaseNext(previous: PreviousVolume, { claim, volume }: Seen, owner: Owner): SwapAction {
  if (volume === undefined || troubleWith(previous, volume, owner) !== undefined || volume.keptBy !== owner.uid) return done;
  // Somebody has bound it again by hand: then it stays as it is.
  const taken = claim?.volume === previous.volume && claim.uid !== previous.claimUid;
  return taken ? done : { kind: 'giveBack' };
}

/** Why a volume is not the one that was noted, or not free for its old claim; undefined when it is. Pure. */
function troubleWith({ claim, volume: name, volumeUid }: PreviousVolume, volume: SeenVolume | undefined, { namespace }: Owner): string | undefined {
  if (volume === undefined || volume.uid !== volumeUid || volume.deleting) return `volume ${name} is not there any more`;
  if (volume.claim !== `${namespace}/${claim}`) return `volume ${name} belongs to claim ${volume.claim ?? 'none'} now`;
  return undefined;
}
