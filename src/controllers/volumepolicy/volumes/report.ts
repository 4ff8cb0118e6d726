import type { VolumePolicy } from '../../../api/kinds.js';
import type { VolumePolicyStatus } from '../../../api/volumepolicy.js';
import { driftReasons, shownVolumes, type Drift, type VolumeState } from '../../../api/volumes.js';
import type { AppError } from '../../../runtime/app-error.js';
import type { ConditionInput } from '../../../runtime/conditions.js';
import { driftOf, type Measure } from '../../../storage/drift.js';
import { usedPercent } from '../../../storage/growth.js';
import { versionsOf } from '../../../storage/made-with.js';
import type { Refusal } from '../../../storage/offers.js';
import type { Volume } from '../../../storage/volume.js';
import type { StatusChange } from '../../status-writer.js';
import type { VolumesPlan } from './decide.js';
import type { VolumesSeen } from './observe.js';

type Reported = Omit<ConditionInput, 'observedGeneration'>;
type Change = StatusChange<Pick<VolumePolicyStatus, 'storageClass' | 'attributesClass' | 'volumes' | 'volumesCompliant'>>;

/** How the volumes of a policy stand. */
export interface VolumesReport {
  readonly change: Change;
  readonly compliant: Reported;
  readonly volumes: number;
  readonly noncompliant: number;
}

const type = 'Compliant';
/** What ends by itself, as a rule, and is nothing to warn of. */
const underWay: ReadonlySet<string> = new Set<Drift['reason']>(['NotBound', 'AttributesChanging', 'Expanding', 'UsageNotKnown']);

/** Whether a turn of the condition is worth an event: a refusal is told by the condition Ready. Pure. */
export function isLasting(reason: string): boolean {
  return (driftReasons as readonly string[]).includes(reason) && !underWay.has(reason);
}

/** What status says where the policy says nothing of volumes. */
export const nothingAsked: Pick<VolumesReport, 'change' | 'compliant'> = {
  change: { storageClass: undefined, attributesClass: undefined, volumes: undefined, volumesCompliant: undefined },
  compliant: { type, status: 'Unknown', reason: 'NoVolumePolicy', message: 'Neither spec.storageClusterRef nor spec.growth is set.' },
};

/** What it says where nobody could look. */
export function unknownBecause({ code, publicMessage }: Pick<AppError, 'code' | 'publicMessage'>): typeof nothingAsked {
  return { change: {}, compliant: { type, status: 'Unknown', reason: code, message: publicMessage } };
}

/** How they stand. Pure. */
export function reportVolumes({ spec, status }: VolumePolicy, seen: VolumesSeen, plan: VolumesPlan): VolumesReport {
  const noted = status?.storageClass;
  const own = plan.storageClass?.object.metadata.name ?? noted?.name;
  const earlier = plan.storageClass?.earlier ?? noted?.earlier ?? [];
  const measure: Measure = { asked: plan.asked, growth: spec.growth, versions: versionsOf(seen.classes, own, earlier) };
  const states = seen.volumes.map((volume) => stateOf(volume, measure, plan.refusal));
  states.sort((a, b) => Number(a.compliant) - Number(b.compliant) || (a.pvc < b.pvc ? -1 : 1));
  const noncompliant = states.filter(({ compliant }) => !compliant);
  return {
    change: { ...classesIn(plan), volumes: states.length === 0 ? undefined : states.slice(0, shownVolumes), volumesCompliant: `${states.length - noncompliant.length}/${states.length}` },
    compliant: conditionOf(states.length, noncompliant, plan.refusal),
    volumes: states.length,
    noncompliant: noncompliant.length,
  };
}

/** While the policy is not followed it keeps the classes that it had. */
function classesIn({ refusal, asked, storageClass }: VolumesPlan): Change {
  if (refusal !== undefined) return {};
  if (storageClass === undefined) return { storageClass: undefined, attributesClass: undefined };
  // Whoever makes a class notes it before.
  if (storageClass.what !== 'asItIs') return {};
  const { object, earlier } = storageClass;
  return { storageClass: { name: object.metadata.name, ...(earlier.length === 0 ? {} : { earlier: [...earlier] }) }, attributesClass: asked?.attributesClass };
}

function stateOf(volume: Volume, measure: Measure, refusal: Refusal | undefined): VolumeState {
  const unknown: Drift[] = refusal === undefined || volume.governor !== undefined ? [] : [{ field: 'storageClusterRef', reason: 'NotKnown', message: 'The policy is not followed: see the condition Ready.' }];
  const drift = [...unknown, ...driftOf(volume, measure)];
  const used = measure.growth === undefined ? undefined : usedPercent(volume.usage);
  return {
    pvc: volume.pvc,
    compliant: drift.length === 0,
    ...(drift.length === 0 ? {} : { drift }),
    ...(used === undefined ? {} : { usedPercent: used }),
    ...(volume.grownAt === undefined ? {} : { grownAt: new Date(volume.grownAt).toISOString() }),
  };
}

const named = 5;

function conditionOf(all: number, noncompliant: readonly VolumeState[], refusal: Refusal | undefined): Reported {
  if (refusal !== undefined) return { type, status: 'False', reason: refusal.code, message: refusal.message };
  if (all === 0) return { type, status: 'True', reason: 'NoVolumes', message: 'The selection has no volumes.' };
  const reasons = noncompliant.flatMap(({ drift = [] }) => drift.map((d) => d.reason));
  const reason = reasons.find(isLasting) ?? reasons[0];
  if (reason === undefined) return { type, status: 'True', reason: 'VolumesCompliant', message: `All volumes (${all}) are as the policy wants them.` };
  const some = noncompliant.slice(0, named).map(({ pvc, drift = [] }) => `${pvc} (${drift.map((d) => `${d.field}: ${d.reason}`).join(', ')})`);
  const more = noncompliant.length > named ? ` and ${noncompliant.length - named} more` : '';
  return { type, status: 'False', reason, message: `${noncompliant.length} of ${all} volumes are not as the policy wants them: ${some.join(', ')}${more}. status.volumes has the way out of each.` };
}
