import { fail } from '../../../api/errors.js';
import { volumePolicySpec } from '../../../api/volumepolicy.js';
import { ApiError, isConflict } from '../../../runtime/api-error.js';
import { AppError } from '../../../runtime/app-error.js';
import type { OperatorDeps } from '../../deps.js';
import type { Verdict } from '../../status-writer.js';
import { later, onChange, type StepResult } from '../../step.js';
import type { PolicyWriter } from '../steps.js';
import { actOnVolumes } from './act.js';
import { decideVolumes, type VolumesPlan } from './decide.js';
import { concernsVolumes, observeVolumes } from './observe.js';
import { nothingAsked, reportVolumes, unknownBecause, type VolumesReport } from './report.js';
import type { UsageMemory } from './usage.js';

/** Nothing tells of classes that come and go, and of file systems that fill up. */
const lookAgainSeconds = 60;

/** What a look at the volumes has come to. */
export interface VolumesLook {
  readonly again: StepResult;
  /** Undefined: nobody looked, and status stays as it is. */
  readonly report: Pick<VolumesReport, 'change' | 'compliant'> | undefined;
  /** Why the policy is not followed, or not in everything. */
  readonly trouble: Verdict | undefined;
}

/** Takes the volumes of a policy one step further. What goes wrong is said and tried again: the copies of the policy never wait for it. */
export async function volumesStep(writer: PolicyWriter, usage: UsageMemory, deps: OperatorDeps): Promise<VolumesLook> {
  const { metadata, spec } = writer.object;
  const key = { namespace: metadata.namespace, policy: metadata.name };
  if (metadata.deletionTimestamp !== undefined || !volumePolicySpec.safeParse(spec).success) return { again: onChange, report: undefined, trouble: undefined };
  if (!concernsVolumes(spec)) {
    deps.metrics.volumes(key, undefined);
    return { again: onChange, report: nothingAsked, trouble: undefined };
  }
  try {
    return await look(writer, usage, deps);
  } catch (error) {
    const known = knownOf(error, deps);
    const all = Number(writer.object.status?.volumesCompliant?.split('/')[1] ?? 0);
    deps.metrics.volumes(key, { volumes: all, noncompliant: all });
    return { again: later(lookAgainSeconds), report: unknownBecause(known), trouble: troubleOf(known.code, known.publicMessage) };
  }
}

async function look(writer: PolicyWriter, usage: UsageMemory, deps: OperatorDeps): Promise<VolumesLook> {
  const { namespace, name } = writer.object.metadata;
  const seen = await observeVolumes(writer.object, usage, deps);
  const plan = decideVolumes({ object: writer.object, seen, now: deps.clock.now() });
  deps.log.debug('decided of volumes', { refusal: plan.refusal?.code, storageClass: plan.storageClass?.what, retell: plan.retell.length, grow: plan.grow.length });
  const report = reportVolumes(writer.object, seen, plan);
  deps.metrics.volumes({ namespace, policy: name }, report);
  const error = await act(writer, plan, deps);
  const trouble = plan.refusal ?? (error === undefined ? undefined : { code: error.code, message: error.publicMessage });
  return { again: later(lookAgainSeconds), report, trouble: trouble === undefined ? undefined : troubleOf(trouble.code, trouble.message) };
}

/** What stood in the way first. How the volumes stand is known all the same. */
async function act(writer: PolicyWriter, plan: VolumesPlan, deps: OperatorDeps): Promise<AppError | undefined> {
  try {
    return (await actOnVolumes(writer, plan, deps))[0];
  } catch (error) {
    return knownOf(error, deps);
  }
}

/** Throws what is for the reconcile itself: conflicts, and what is not of the catalogue. */
function knownOf(error: unknown, deps: OperatorDeps): AppError {
  if (isConflict(error)) throw error;
  const known = error instanceof ApiError ? fail('VolumeChangeRefused', error.message, { cause: error }) : error;
  if (!(known instanceof AppError)) throw error;
  deps.log.warn('volumes wait', { code: known.code, error: known.publicMessage, cause: known.cause });
  return known;
}

function troubleOf(reason: string, message: string): Verdict {
  return { kind: 'working', reason, message };
}
