import { apiGroup } from '../../../api/common.js';
import { fail } from '../../../api/errors.js';
import { appRestores, type AppRestore, type VolumePolicy } from '../../../api/kinds.js';
import type { DrillStatus } from '../../../api/volumepolicy.js';
import { ApiError, isConflict } from '../../../runtime/api-error.js';
import { AppError } from '../../../runtime/app-error.js';
import { keyText } from '../../../runtime/object.js';
import { namespaces } from '../../../runtime/resource.js';
import { readTarget, requireMovers } from '../../apprestore/remote/target.js';
import { accountOf } from '../../appsnapshot/gather.js';
import { requireAuthority, type Right } from '../../authority.js';
import type { OperatorDeps } from '../../deps.js';
import { drillPolicies, requirePolicies } from '../../policies.js';
import { later, now, onChange, type StepResult } from '../../step.js';
import type { PolicyCopy } from '../copies.js';
import { tell, type PolicyWriter } from '../steps.js';
import { drilledTarget, drilledText } from './choose.js';
import { decideDrill, type DrillPlan } from './decide.js';
import type { DrillMemory } from './memory.js';
import { drillRestore } from './objects.js';
import { drillsByStatus, drillsThere, lastOf, observeDrill } from './observe.js';
import { prepareStep } from './prepare-step.js';

/** The restore wakes the policy when it ends; this is for the limit of time. */
const waitSeconds = 15;
/** Preparation and removal are work of others that nothing tells of. */
const lookSeconds = 2;
const lineSeconds = 10;
const troubleSeconds = 30;
/** What was said already is not tried as often. */
const sameSeconds = 10;

/** What an account must have whose copies are drilled: what it could do by itself where the namespace was made for it. */
const rightsToDrill: readonly Right[] = [{ verb: 'create', group: apiGroup, resource: 'apprestores' }];

/** A reason of the condition Verified, and a sentence. */
export interface Said {
  readonly reason: string;
  readonly message: string;
}

/** What a look at the drills has come to. */
export interface DrillLook {
  readonly again: StepResult;
  /** When the next one is begun, ms since the epoch. */
  readonly next: number | undefined;
  /** Why none can be begun that is wanted. */
  readonly trouble?: Said;
  /** What does not go. */
  readonly stuck?: Said;
}

/** Takes the drills of a policy one step further. What goes wrong is said and tried again: the copies of the policy never wait for it. */
export async function drillStep(writer: PolicyWriter, copies: readonly PolicyCopy[], memory: DrillMemory, deps: OperatorDeps): Promise<DrillLook> {
  const { enabled, requireIsolation, longestMillis: longest } = deps.drills;
  const found = await observeDrill(writer.object, deps);
  const plan = decideDrill({ object: writer.object, copies, now: deps.clock.now(), enabled, requireIsolation, longest, ...found });
  deps.log.debug('decided of drills', { plan: plan.kind });
  try {
    return await act(plan, writer, memory, deps);
  } catch (error) {
    return troubled(error, writer, deps);
  }
}

async function act(plan: DrillPlan, writer: PolicyWriter, memory: DrillMemory, deps: OperatorDeps): Promise<DrillLook> {
  const { drill } = writer.object.status ?? {};
  switch (plan.kind) {
    case 'none':
      return idle(plan, drilledTarget(writer.object));
    case 'invalid':
      return { ...look(onChange), trouble: { reason: 'InvalidSpec', message: plan.message } };
    case 'begin':
      return begin(writer, plan.drill, memory, deps);
    case 'prepare':
      return drill === undefined ? look(now) : prepare(writer, drill, memory, deps);
    case 'wait':
      return look(later(waitSeconds));
    case 'note': {
      const { result } = plan;
      if (drill !== undefined) await writer.write({ lastDrill: result, drill: { ...drill, phase: 'Removing', message: undefined } });
      tell(deps, writer.object, result.verified ? 'Normal' : 'Warning', result.reason, `Drill of ${drilledText(result)}, due at ${result.due}: ${result.message}`);
      return look(now);
    }
    case 'remove':
      await remove(writer.object, plan, deps);
      return { ...look(later(lookSeconds)), ...(plan.stuck === undefined ? {} : { stuck: { reason: deps.drills.enabled ? 'RemovalStuck' : 'DrillsDisabled', message: plan.stuck } }) };
    case 'end':
      await writer.write({ drill: undefined });
      return look(now);
  }
}

function look(again: StepResult): DrillLook {
  return { again, next: undefined };
}

function idle({ next, why }: Extract<DrillPlan, { kind: 'none' }>, target: string | undefined): DrillLook {
  const base = { again: onChange, next };
  if (why === 'disabled') {
    return { ...base, trouble: { reason: 'DrillsDisabled', message: 'spec.protection.verify asks for drills, and they are switched off: an admin has to let the operator make namespaces, by the chart value drills.enabled: helm upgrade stillpoint charts/stillpoint --reset-then-reuse-values --set drills.enabled=true' } };
  }
  return why === 'noCopy' ? { ...base, trouble: { reason: 'NoCopyYet', message: `A drill is due, and there is no copy that is ${target === undefined ? 'ready' : `complete in BackupTarget ${target}`}. It is begun when there is one.` } } : base;
}

/** Whatever is lacking is found out before anything is begun, and when it is its turn: who waits asks nobody. */
async function begin(writer: PolicyWriter, drill: DrillStatus, { line }: DrillMemory, deps: OperatorDeps): Promise<DrillLook> {
  const { object } = writer;
  const policies = deps.caches.volumePolicies.list();
  const asking = { key: keyText(object.metadata), drill: drill.namespace, due: Date.parse(drill.due), last: lastOf(object.metadata.namespace, policies) };
  const known = drillsByStatus(policies);
  if (!line.isTurn(asking, known, deps.clock.now())) return waiting;
  if (!line.mayBegin(asking, [...known, ...(await drillsThere(deps))], deps.clock.now())) return waiting;
  try {
    await requirePolicies(deps.client, deps.agentNamespace, drillPolicies);
    await requirePolicies(deps.client, deps.agentNamespace);
    await requireAuthority(deps.client, accountOf(object), rightsToDrill);
    if (drill.target !== undefined) await requireReadable(object, drill, deps);
  } catch (error) {
    line.giveBack(asking);
    throw error;
  }
  await writer.write({ drill });
  line.begun(asking, deps.clock.now());
  tell(deps, object, 'Normal', 'DrillBegun', `${drilledText(drill)} is restored into namespace ${drill.namespace}, due at ${drill.due}.`);
  return look(now);
}

/** The target can be read, by what its restore will ask for: otherwise a copy would look bad of which nobody has read anything. Throws AppError. */
async function requireReadable(policy: VolumePolicy, drill: DrillStatus, deps: OperatorDeps): Promise<void> {
  const restore = drillRestore(policy, drill, '') as unknown as AppRestore;
  await requireMovers(restore, await readTarget(restore, deps), deps);
}

const waiting: DrillLook = {
  ...look(later(lineSeconds)),
  trouble: { reason: 'WaitingForTurn', message: 'A drill is due and waits: another one of this namespace, or as many as the chart value drills.atOnce allows, are under way or not removed yet, or others were drilled longer ago.' },
};

async function prepare(writer: PolicyWriter, drill: DrillStatus, { control }: DrillMemory, deps: OperatorDeps): Promise<DrillLook> {
  const waitsFor = await prepareStep(writer, drill, control, deps);
  if (waitsFor === undefined) return look(now);
  await sayWaiting(writer, `Waiting for ${waitsFor}.`);
  return look(later(lookSeconds));
}

/** True when it is news. */
async function sayWaiting(writer: PolicyWriter, text: string): Promise<boolean> {
  const { drill } = writer.object.status ?? {};
  const message = text.slice(0, 2048);
  if (drill === undefined || drill.message === message) return false;
  await writer.write({ drill: { ...drill, message } });
  return true;
}

/** The namespace at the same time: a snapshot that a claim is being filled from goes only with the claim. */
async function remove({ metadata, status }: VolumePolicy, plan: Extract<DrillPlan, { kind: 'remove' }>, { client }: OperatorDeps): Promise<void> {
  const name = status?.drill?.namespace ?? '';
  if (plan.restore !== undefined) await client.delete(appRestores, { namespace: metadata.namespace, name }, { uid: plan.restore });
  if (plan.namespace !== undefined) await client.delete(namespaces, { name }, { uid: plan.namespace });
}

/** A drill that is under way says what it waits for until its time is over; one that cannot begin says why. */
async function troubled(thrown: unknown, writer: PolicyWriter, deps: OperatorDeps): Promise<DrillLook> {
  if (isConflict(thrown)) throw thrown;
  const error = thrown instanceof ApiError ? fail('DrillRefused', thrown.message, { cause: thrown }) : thrown;
  if (!(error instanceof AppError)) throw error;
  deps.log.warn('a drill waits', { code: error.code, error: error.publicMessage, cause: error.cause });
  if (writer.object.status?.drill === undefined) return { ...look(later(troubleSeconds)), trouble: { reason: error.code, message: error.publicMessage } };
  return look(later((await sayWaiting(writer, error.publicMessage)) ? lookSeconds : sameSeconds));
}
