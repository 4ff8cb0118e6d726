import { createHash } from 'node:crypto';
import type { AppSnapshotSpec } from '../../api/appsnapshot.js';
import { annotations, apiGroup, apiVersion, labels, type Grade } from '../../api/common.js';
import { errorCatalogue } from '../../api/errors.js';
import type { AppSnapshot, VolumePolicy } from '../../api/kinds.js';
import { findCondition } from '../../runtime/conditions.js';
import type { KubeObject } from '../../runtime/object.js';
import { targetCopiesOf, type TargetCopy } from './targets.js';

/** A copy that a policy has made, as far as schedule and retention go by it. */
export interface PolicyCopy {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** When it was due, ms since the epoch. */
  readonly due: number;
  /** Under way: there is no end yet. Ready: its snapshots can be restored. Expired: they are gone, it may be in targets. Failed: there was no copy. */
  readonly state: 'underWay' | 'ready' | 'expired' | 'failed';
  /** When its volumes were cut, ms since the epoch; never later than they were. Only of one that was ready. */
  readonly cutAt: number | undefined;
  readonly grade: Grade | undefined;
  readonly verifiedAt: string | undefined;
  /** In the targets that it was made for. */
  readonly targets: readonly TargetCopy[];
  /** The policy has asked that its snapshots go. */
  readonly expiring: boolean;
  /** A restore reads from it, or is going to. */
  readonly inUse: boolean;
  /** Somebody deletes it. */
  readonly leaving: boolean;
  /** Why it failed, or what it is waiting for that does not come by itself. */
  readonly problem: string | undefined;
}

/**
 * The name of the copy that a policy makes for a tick: repeated after a crash it is the same, so that the copy is found instead of made twice.
 * A policy of the same name that was made anew gives others.
 */
export function copyName({ name, uid }: VolumePolicy['metadata'], tick: number): string {
  const digest = createHash('sha256').update(`${uid} ${tick}`).digest('hex').slice(0, 8);
  // A name that is cut may end in what no name may have before a hyphen.
  const stem = name.slice(0, 200).replace(/[^a-z0-9]+$/, '');
  return `${stem}-${new Date(tick).toISOString().slice(0, 16).replace(/[-:]/g, '').toLowerCase()}-${digest}`;
}

/** `spec.expiresAfter` of a copy whose snapshots nobody wants any more: the least that there is. */
export const expiredAfter = '1m';

/** The AppSnapshot of a tick, to be written to these targets. Without an owner: copies outlive their policy. Labels of the policy, such as those of GitOps tools, do not go along. */
export function copyObject({ metadata, spec }: VolumePolicy, tick: number, targets: readonly string[] = []): KubeObject {
  const { applications, consistency, quiesce, capture, volumeSnapshotClassName, volumeGroupSnapshotClassName } = spec.protection ?? {};
  const wanted: { [field in keyof AppSnapshotSpec]?: AppSnapshotSpec[field] | undefined } = {
    serviceAccountName: spec.serviceAccountName,
    selector: spec.selector,
    applications,
    consistency,
    quiesce,
    capture,
    volumeSnapshotClassName,
    volumeGroupSnapshotClassName,
    // What is deleted in the cluster by mistake stays there: the policy itself asks by name for what is to be removed.
    copies: targets.length === 0 ? undefined : targets.map((name) => ({ targetRef: { name }, deletionPolicy: 'Retain' })),
  };
  return {
    apiVersion: `${apiGroup}/${apiVersion}`,
    kind: 'AppSnapshot',
    metadata: {
      name: copyName(metadata, tick),
      namespace: metadata.namespace,
      labels: { [labels.policy]: metadata.uid },
      annotations: { [annotations.policyName]: metadata.name, [annotations.dueAt]: new Date(tick).toISOString() },
    },
    spec: Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)),
  };
}

/** The AppSnapshots among these that the policy has made: with its uid, the name that only it gives, and no owner. */
export function copiesOf(policy: VolumePolicy, snapshots: readonly AppSnapshot[], isUsed: (snapshot: AppSnapshot) => boolean): PolicyCopy[] {
  return snapshots.flatMap((snapshot) => {
    const due = dueOf(policy, snapshot);
    return due === undefined ? [] : [copyOf(snapshot, due, isUsed(snapshot))];
  });
}

/** When the copy was due; undefined when another than this policy has made it. */
function dueOf({ metadata }: VolumePolicy, snapshot: AppSnapshot): number | undefined {
  const due = Date.parse(snapshot.metadata.annotations?.[annotations.dueAt] ?? '');
  const owners = snapshot.metadata['ownerReferences'];
  const owned = Array.isArray(owners) && owners.length > 0;
  const ours = snapshot.metadata.namespace === metadata.namespace && snapshot.metadata.labels?.[labels.policy] === metadata.uid;
  return Number.isNaN(due) || owned || !ours || snapshot.metadata.name !== copyName(metadata, due) ? undefined : due;
}

function copyOf(snapshot: AppSnapshot, due: number, inUse: boolean): PolicyCopy {
  const { metadata, spec, status } = snapshot;
  const phase = status?.phase ?? 'Pending';
  const state = phase === 'Ready' ? 'ready' : phase === 'Failed' ? 'failed' : phase === 'Expired' ? 'expired' : 'underWay';
  const good = state === 'ready' || state === 'expired';
  const ready = findCondition(status?.conditions, 'Ready');
  const cut = status?.window?.heldFrom ?? status?.window?.openedAt ?? status?.completionTime;
  return {
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    due,
    state,
    cutAt: good && cut !== undefined ? Date.parse(cut) : undefined,
    grade: status?.grade,
    verifiedAt: good ? status?.verified?.at : undefined,
    targets: targetCopiesOf(snapshot),
    expiring: spec.expiresAfter === expiredAfter,
    inUse,
    leaving: metadata.deletionTimestamp !== undefined,
    problem: !good && ready !== undefined && ready.reason in errorCatalogue ? `${ready.reason}: ${ready.message}` : undefined,
  };
}
