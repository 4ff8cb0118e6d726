import { fail } from '../api/errors.js';
import type { AppError } from '../runtime/app-error.js';
import type { ContentView } from './contents.js';
import type { ObservedGroup, ObservedSet, ObservedSnapshot } from './observe-set.js';
import { isHalf } from './names.js';
import type { PlannedClaim } from './plan.js';

/** One planned claim and what the set has of it. */
export interface SetMember {
  readonly claim: string;
  readonly claimUid: string;
  readonly snapshot: string;
  readonly snapshotUid: string;
  readonly content: string | undefined;
  /** Quantity of the smallest volume that it can be restored to. */
  readonly restoreSize: string | undefined;
  /** The same in bytes, from the content. */
  readonly restoreBytes: number | undefined;
  /** Ready to use, with a handle, and snapshot and content name each other by uid. */
  readonly ready: boolean;
  /** What it waits for, when not ready. */
  readonly waitsFor: string | undefined;
}

export interface SetState {
  /** Sorted by claim; planned claims without a snapshot are missing here. */
  readonly members: readonly SetMember[];
  /** All planned claims are there and ready. Only then may a copy be called Ready. */
  readonly ready: boolean;
  /** MembersDiffer: the set can never become the planned one. What the storage retries is in `waiting`; a deadline is the caller's. */
  readonly error: AppError | undefined;
  /** Sentences for people: what is waited for. */
  readonly waiting: readonly string[];
}

/**
 * Compares a set with the planned claims, exactly. Pure; called on every reconcile until the copy is ready.
 * A snapshot belongs to a claim by the handle of its volume: names are reused, handles are not.
 */
export function judgeSet(planned: readonly PlannedClaim[], observed: ObservedSet): SetState {
  const errors = groupErrors(planned, observed.groups);
  const members: SetMember[] = [];
  const taken = new Map<string, SetMember>();
  for (const snapshot of observed.snapshots) {
    const group = observed.groups.find((g) => g.uid === snapshot.groupUid);
    if (snapshot.groupUid !== undefined && group === undefined) continue;
    const handle = volumeHandleOf(snapshot, group);
    const claim = claimOf(planned, snapshot, handle);
    if (claim === 'unknown') continue;
    if (claim === undefined) {
      errors.push(`${snapshot.name} is a snapshot of ${snapshot.claimName ?? handle ?? 'an unknown claim'}, which is not planned`);
      continue;
    }
    const twin = taken.get(claim.uid);
    if (twin !== undefined) errors.push(`${claim.name} was cut twice: ${twin.snapshot} and ${snapshot.name}`);
    const member = toMember(claim, snapshot);
    taken.set(claim.uid, member);
    members.push(member);
  }
  members.sort((a, b) => (a.claim < b.claim ? -1 : 1));
  const missing = planned.filter((claim) => !taken.has(claim.uid)).map((claim) => claim.name);
  const waiting = [...missing.map((name) => `${name}: no snapshot yet`), ...members.flatMap((m) => (m.waitsFor === undefined ? [] : [`${m.claim}: ${m.waitsFor}`]))];
  return {
    members,
    ready: errors.length === 0 && waiting.length === 0 && planned.length > 0,
    error: errors.length === 0 ? undefined : fail('MembersDiffer', `The snapshot set is not the planned one: ${errors.join('; ')}.`),
    waiting,
  };
}

/**
 * The content of a group lists its members as soon as it is cut: more or fewer is final, long before the objects exist. Where the cuts of a
 * set have an order, the two groups of a driver are judged together.
 */
function groupErrors(planned: readonly PlannedClaim[], groups: readonly ObservedGroup[]): string[] {
  const errors: string[] = [];
  for (const { name, content } of groups) {
    if (content?.cut !== true) continue;
    const wanted = planned.filter((claim) => claim.driver === content.driver);
    const cut = new Set(content.members.map((m) => m.volumeHandle));
    const halves = isHalf(name) ? groups.filter((g) => isHalf(g.name)) : [];
    const together = new Set([...cut, ...halves.flatMap((g) => (g.content?.driver === content.driver ? g.content.members.map((m) => m.volumeHandle) : []))]);
    const complete = halves.every((g) => g.content?.cut === true);
    const lacks = complete ? wanted.filter((claim) => !together.has(claim.volumeHandle)).map((claim) => claim.name) : [];
    const extra = [...cut].filter((handle) => !wanted.some((claim) => claim.volumeHandle === handle));
    if (lacks.length > 0) errors.push(`${name} lacks ${lacks.join(', ')}`);
    if (extra.length > 0) errors.push(`${name} has volumes that are not planned: ${extra.join(', ')}`);
  }
  return errors;
}

/** A dynamic single content names its volume; the content of a group member only its snapshot, which the group's list maps to the volume. */
function volumeHandleOf(snapshot: ObservedSnapshot, group: ObservedGroup | undefined): string | undefined {
  const direct = snapshot.content?.volumeHandles[0];
  if (direct !== undefined) return direct;
  const handle = snapshot.content?.handle;
  return handle === undefined ? undefined : group?.content?.members.find((m) => m.snapshotHandle === handle)?.volumeHandle;
}

/** `unknown` while the content is not there yet: the claim's name alone proves nothing. Undefined: none of the planned. */
function claimOf(planned: readonly PlannedClaim[], snapshot: ObservedSnapshot, handle: string | undefined): PlannedClaim | 'unknown' | undefined {
  if (handle === undefined) return 'unknown';
  const claim = planned.find((p) => p.volumeHandle === handle && p.driver === snapshot.content?.driver);
  if (claim === undefined) return undefined;
  return snapshot.claimName === undefined || snapshot.claimName === claim.name ? claim : undefined;
}

function toMember(claim: PlannedClaim, snapshot: ObservedSnapshot): SetMember {
  const waitsFor = whyNotReady(snapshot);
  return {
    claim: claim.name,
    claimUid: claim.uid,
    snapshot: snapshot.name,
    snapshotUid: snapshot.uid,
    content: snapshot.content?.metadata.name,
    restoreSize: snapshot.restoreSize,
    restoreBytes: snapshot.content?.restoreSize,
    ready: waitsFor === undefined,
    waitsFor,
  };
}

/** What keeps a snapshot from being restored from; undefined when nothing does. */
function whyNotReady(snapshot: ObservedSnapshot): string | undefined {
  if (snapshot.deleting) return 'the snapshot is being deleted';
  const { content } = snapshot;
  if (content === undefined) return snapshot.error ?? 'no content yet';
  if (!boundBothWays(snapshot, content)) return `content ${content.metadata.name} is not bound to it by uid`;
  if (content.handle === undefined) return content.error ?? 'the storage has not named it yet';
  if (!snapshot.ready || !content.ready) return snapshot.error ?? content.error ?? 'the storage is still working on it';
  return undefined;
}

/** The snapshot was read with the content that its status names; the content must name the snapshot by uid. */
function boundBothWays(snapshot: ObservedSnapshot, content: ContentView): boolean {
  return content.ref.uid === snapshot.uid;
}
