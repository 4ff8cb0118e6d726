import type { CopyStatus } from '../../api/appsnapshot.js';
import type { AppSnapshot } from '../../api/kinds.js';
import type { Protection } from '../../api/volumepolicy.js';
import type { PlaceState, Retentions } from '../../schedule/places.js';
import { ticksOf } from '../../schedule/ticks.js';
import { goesTo } from '../../schedule/turns.js';
import { copiesOf } from '../appsnapshot/copies/choose.js';
import type { PolicyCopy } from './copies.js';

/** How a copy of a policy stands in one target. */
export interface TargetCopy {
  readonly target: string;
  readonly state: PlaceState;
  /** It was not removed by anybody, and may still come about or has: the target needs no other for its time. */
  readonly serves: boolean;
  readonly completedAt: string | undefined;
  /** Id of the recovery point there. */
  readonly id: string | undefined;
  /** What stands in its way, or has ended it. */
  readonly trouble: { readonly reason: string; readonly message: string } | undefined;
  /** The policy, or somebody else, has asked that it be removed. */
  readonly leaving: boolean;
}

/** How a copy stands in each target that it was made for. Pure. */
export function targetCopiesOf(snapshot: AppSnapshot): TargetCopy[] {
  const failed = snapshot.status?.phase === 'Failed';
  return copiesOf(snapshot).map((copy) => ({
    target: copy.target,
    state: failed && copy.phase === 'Pending' ? 'gone' : stateOf(copy),
    serves: !failed && copy.phase !== 'Failed' && copy.phase !== 'Forgotten',
    completedAt: copy.completedAt,
    id: copy.id,
    trouble: copy.reason === undefined || copy.phase === 'Complete' || copy.phase === 'Forgotten' ? undefined : { reason: copy.reason, message: copy.message ?? copy.reason },
    leaving: snapshot.spec.forgetCopies?.includes(copy.target) === true,
  }));
}

function stateOf({ phase, id }: CopyStatus): PlaceState {
  switch (phase) {
    case 'Pending':
      return 'open';
    case 'Copying':
    case 'Sealing':
    case 'Cleaning':
      return 'begun';
    case 'Complete':
      return 'complete';
    case 'Failed':
      return id === undefined ? 'gone' : 'left';
    case 'Forgotten':
      return 'gone';
  }
}

/** The targets that the copy of a tick goes to, in the order of the spec. Pure. Throws RangeError when an expression is none. */
export function targetsOfTick({ schedule, copies: wanted = [] }: Protection, copies: readonly PolicyCopy[], tick: number): string[] {
  return wanted
    .filter(({ targetRef: { name }, cron }) => {
      const served = copies.filter((copy) => copy.targets.some(({ target, serves, leaving }) => target === name && serves && !leaving) && !copy.leaving).map((copy) => copy.due);
      return goesTo(cron === undefined ? undefined : ticksOf({ cron, timeZone: schedule.timeZone }), served, tick);
    })
    .map(({ targetRef }) => targetRef.name);
}

/** What the policy wants kept where. Pure. */
export function retentionsOf({ schedule, retention, copies = [] }: Protection): Retentions {
  return { snapshots: retention, targets: new Map(copies.map((copy) => [copy.targetRef.name, copy.retention ?? retention] as const)), timeZone: schedule.timeZone };
}
