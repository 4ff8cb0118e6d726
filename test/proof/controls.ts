import type { Fault } from '../e2e/lib/csi-faults.js';
import type { ProofApplication } from './applications.js';

/** A way to cut badly that the operator is told to keep: its grade must say so, and the proof must see it. */
export interface KeptControl {
  readonly name: string;
  readonly spec: (apps: readonly ProofApplication[]) => Readonly<Record<string, unknown>>;
  readonly grade: 'CrashConsistentSynced' | 'CrashConsistent' | 'Inconsistent';
  /** Part of `make test`. */
  readonly small?: true;
}

/** A way to cut badly of which no copy may come. */
export interface RefusedControl {
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
  /** Of the storage. */
  readonly faults: Readonly<Record<string, Fault>>;
  readonly reason: RegExp;
  /** Of the message, where the reason alone does not tell. */
  readonly says?: RegExp;
}

const unheld = (apps: readonly ProofApplication[]): readonly unknown[] => apps.map((app) => ({ name: app.name, kind: app.kind, mode: 'None' }));
const asIs = { required: 'Inconsistent' };

export const keptControls: readonly KeptControl[] = [
  // Inside the pods nobody syncs what is not held: the page cache stays behind, and Kafka acknowledges out of it.
  { name: 'unsynced', spec: (apps) => ({ quiesce: { vantage: 'Pod' }, applications: unheld(apps), consistency: asIs }), grade: 'CrashConsistent', small: true },
  // One volume after the other, a second apart: an effect is in one volume, its cause not yet in the one that was cut before.
  { name: 'skewed', spec: (apps) => ({ volumeGroupSnapshotClassName: 'bed-skewed-1s', applications: unheld(apps), consistency: asIs }), grade: 'Inconsistent', small: true },
  // Synced by the agent, then cut without a freeze: what was acknowledged between the two is in no image, what it caused elsewhere may be.
  { name: 'synced-not-held', spec: (apps) => ({ applications: unheld(apps), consistency: asIs }), grade: 'CrashConsistentSynced' },
];

export const refusedControls: readonly RefusedControl[] = [
  {
    name: 'short-guard',
    spec: { quiesce: { maxHold: '1s', attempts: 1 } },
    faults: { CreateVolumeGroupSnapshot: { Before: '4s', Times: 1 } },
    reason: /^(CutTooSlow|HoldBroken)$/,
  },
  // An entry for one pod of Kafka alone would leave that broker running while the others stand still.
  {
    name: 'one-broker-left-out',
    spec: { applications: [{ name: 'broker', kind: 'Generic', mode: 'None', selector: { matchLabels: { 'statefulset.kubernetes.io/pod-name': 'kafka-0' } } }], quiesce: { attempts: 1 } },
    faults: {},
    reason: /^DataOutsideSet$/,
    says: /Node 0 of the cluster belongs to no pod of kafka/,
  },
];
