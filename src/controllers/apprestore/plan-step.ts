import { randomUUID } from 'node:crypto';
import { fail } from '../../api/errors.js';
import type { AppRestore } from '../../api/kinds.js';
import { objectId } from '../../manifests/captured.js';
import { summarizePlan, type PlanSummary } from '../../manifests/plan-apply.js';
import { accountOf } from '../appsnapshot/gather.js';
import { now, type StepResult } from '../step.js';
import { requireAuthority, rightsToReplace, rightsToRestore, type Right } from '../authority.js';
import type { OperatorDeps } from '../deps.js';
import { compareWithTarget } from './compare.js';
import type { Copy } from './copy.js';
import { finishDryRun, rightsToSavePlan, type Comparison } from './dry-run.js';
import { planFixups } from './fixup-plan.js';
import { othersBeside } from './in-place/beside.js';
import { planInPlace, type InPlacePlan } from './in-place/plan.js';
import { keptVolumes } from './kept-volumes.js';
import { accountField, requirePreconditions } from './preconditions.js';
import { readSource, type RestoreSource } from './source.js';
import { count, finalFailure, isMoved, some, targetAccount, targetNamespace, tell, type RestoreWriter } from './steps.js';

const rightsToRead: readonly Right[] = [{ verb: 'get', group: '', resource: 'secrets' }];
const rightsToPrepare: readonly Right[] = [
  { verb: 'create', group: '', resource: 'pods' },
  { verb: 'delete', group: '', resource: 'pods' },
];
const rightsToVerify: readonly Right[] = [{ verb: 'create', group: '', resource: 'pods', subresource: 'exec' }];

/** Reads the copy, compares it with the target and says what will be done. Changes nothing but status. */
export async function planStep(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  await requirePreconditions(object, deps);
  const target = targetAccount(object);
  await requireAuthority(deps.client, accountOf(object), rightsOfReader(object));
  const source = await readSource(object, deps);
  if (object.spec.inPlace && isMoved(object, source.copy)) throw finalFailure('InvalidSpec', `spec.from: in place only a copy of this namespace can be restored, not one of ${source.copy.namespace}. Restore it into another namespace.`);
  await requireAuthority(deps.client, target, rightsFor(object, source.copy), accountField(object));
  const comparison = await compare(object, source, deps);
  const { plan } = comparison;
  const change = { source: source.copy.status, plan: shown(plan) };
  if (object.spec.dryRun) return finishDryRun(writer, comparison, change, deps);
  if (plan.refuse.length > 0) {
    await writer.write(change);
    const message = `Nothing was begun: ${some(plan.refuse)}.`;
    // Neither the copy nor the spec will be another one.
    throw source.set.refused.length > 0 ? finalFailure('InvalidSpec', message) : fail('RestoreRefused', message, { afterSeconds: 30 });
  }
  const message = sentence(object, source, plan);
  await writer.write({ ...change, phase: 'Planned', startTime: object.status?.startTime ?? new Date(deps.clock.now()).toISOString() }, { kind: 'working', reason: 'Planned', message });
  tell(deps, object, 'Normal', 'Planned', message);
  return now;
}

function rightsOfReader(object: AppRestore): Right[] {
  const reads = object.spec.what !== 'Volumes' && object.spec.from.appSnapshotRef !== undefined;
  return [...(reads ? rightsToRead : []), ...(object.spec.dryRun ? rightsToSavePlan : [])];
}

function rightsFor(object: AppRestore, { applications }: Copy): Right[] {
  const rights = [...rightsToRestore];
  if (object.spec.what !== 'All') return rights;
  const known = applications.some((a) => a.kind !== 'Generic');
  // Without checks, too, the data of a repository comes back by the server's own means.
  const runs = object.spec.verify.enabled || applications.some((a) => a.mechanism === 'Repository');
  return [...rights, ...(known ? rightsToPrepare : []), ...(known && runs ? rightsToVerify : [])];
}

function sentence(object: AppRestore, { set }: RestoreSource, plan: PlanSummary): string {
  const goes = `${count(set.claims.length, 'volume')} and ${count(plan.create.length + plan.change.length, 'object')} go to ${targetNamespace(object)}.`;
  const made = set.claims.filter(({ captured }) => plan.create.includes(objectId(captured)));
  return object.spec.inPlace && made.length > 0 ? `${goes} Not there, and only filled: ${some(made.map(({ volume }) => volume.claim))}.` : goes;
}

const nothingInPlace: InPlacePlan = { previousVolumes: [], stopped: [], change: [], refuse: [] };

/** What would be replaced, and whether the account may have that done. */
async function replaced(object: AppRestore, source: RestoreSource, deps: OperatorDeps): Promise<InPlacePlan> {
  if (!object.spec.inPlace) return nothingInPlace;
  const plan = await planInPlace(object, source, deps);
  const scaled = [...new Set(plan.stopped.map(({ resource }) => resource))];
  await requireAuthority(deps.client, targetAccount(object), [...rightsToReplace, ...scaled.map(rightToPatch)]);
  return plan;
}

/** By `plural.group`. */
function rightToPatch(name: string): Right {
  const [resource = '', ...group] = name.split('.');
  return { verb: 'patch', group: group.join('.'), resource };
}

async function compare(object: AppRestore, source: RestoreSource, deps: OperatorDeps): Promise<Comparison> {
  const { set, copy, drill } = source;
  const inPlace = await replaced(object, source, deps);
  const taken = new Set(inPlace.previousVolumes.map(({ claim }) => claim));
  const first = [...set.claims.filter(({ volume }) => !taken.has(volume.claim)).map((c) => c.captured), ...set.configuration];
  const ids = new Set(first.map(objectId));
  // Jobs are made suspended first and released at the gate: one entry.
  const salt = randomUUID();
  const plans = await compareWithTarget(object, [...first, ...set.gate.filter((o) => !ids.has(objectId(o)))], deps, salt);
  const summary = summarizePlan(plans);
  const { missing } = planFixups({ restore: object, copy, set, adapters: deps.adapters, isolated: isMoved(object, copy) });
  const kept = drill ? await keptVolumes(first, deps) : [];
  const beside = await othersBeside(object, new Set(set.claims.map(({ volume }) => volume.claim)), deps);
  // A claim that cannot be replaced is refused for that, not for being there.
  const named = new Set(inPlace.refuse.map(idOf));
  const refuse = [...set.refused, ...inPlace.refuse, ...summary.refuse.filter((entry) => !named.has(idOf(entry))), ...missing, ...kept, ...beside];
  const plan = { ...summary, change: [...inPlace.change, ...summary.change], skip: [...summary.skip, ...set.never], refuse };
  return { plan, plans: plans.filter(({ verdict, captured }) => verdict !== 'refuse' || !named.has(objectId(captured))), salt, set };
}

/** The object that an entry of a plan is about. */
function idOf(entry: string): string {
  return entry.split(':')[0] ?? '';
}

/** Bounds of the schema; `more` counts what did not fit. */
const maxEntries = 512;

function shown(plan: PlanSummary): PlanSummary {
  const cut = (entries: readonly string[]): string[] => entries.slice(0, maxEntries).map((e) => e.slice(0, 640));
  const over = (entries: readonly string[]): number => Math.max(0, entries.length - maxEntries);
  return { create: cut(plan.create), change: cut(plan.change), skip: cut(plan.skip), refuse: cut(plan.refuse), more: plan.more + over(plan.change) + over(plan.skip) + over(plan.refuse) };
}
