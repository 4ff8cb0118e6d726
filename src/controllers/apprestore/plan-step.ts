import { randomUUID } from 'node:crypto';
import { fail } from '../../api/errors.js';
import type { AppRestore } from '../../api/kinds.js';
import { objectId } from '../../manifests/captured.js';
import { summarizePlan, type PlanSummary } from '../../manifests/plan-apply.js';
import { accountOf } from '../appsnapshot/gather.js';
import { now, type StepResult } from '../step.js';
import { requireAuthority, rightsToRestore, type Right } from '../authority.js';
import type { OperatorDeps } from '../deps.js';
import { compareWithTarget } from './compare.js';
import type { Copy } from './copy.js';
import { planFixups } from './fixup-plan.js';
import { keptVolumes } from './kept-volumes.js';
import { accountField, requirePreconditions } from './preconditions.js';
import { readSource, type RestoreSource } from './source.js';
import { count, isMoved, some, targetAccount, targetNamespace, tell, type RestoreWriter } from './steps.js';

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
  await requireAuthority(deps.client, accountOf(object), object.spec.what === 'Volumes' || object.spec.from.appSnapshotRef === undefined ? [] : rightsToRead);
  const source = await readSource(object, deps);
  await requireAuthority(deps.client, target, rightsFor(object, source.copy), accountField(object));
  const plan = await compare(object, source, deps);
  const change = { source: source.copy.status, plan: shown(plan) };
  if (object.spec.dryRun) return finishDryRun(writer, plan, change, deps);
  if (plan.refuse.length > 0) {
    await writer.write(change);
    throw fail('RestoreRefused', `Nothing was begun: ${some(plan.refuse)}.`, { afterSeconds: 30 });
  }
  const message = `${count(source.set.claims.length, 'volume')} and ${count(plan.create.length + plan.change.length, 'object')} go to ${target.namespace}.`;
  await writer.write({ ...change, phase: 'Planned', startTime: object.status?.startTime ?? new Date(deps.clock.now()).toISOString() }, { kind: 'working', reason: 'Planned', message });
  tell(deps, object, 'Normal', 'Planned', message);
  return now;
}

function rightsFor(object: AppRestore, { applications }: Copy): Right[] {
  const rights = [...rightsToRestore];
  if (object.spec.what !== 'All') return rights;
  const known = applications.some((a) => a.kind !== 'Generic');
  // Without checks, too, the data of a repository comes back by the server's own means.
  const runs = object.spec.verify.enabled || applications.some((a) => a.mechanism === 'Repository');
  return [...rights, ...(known ? rightsToPrepare : []), ...(known && runs ? rightsToVerify : [])];
}

async function compare(object: AppRestore, { set, copy, drill }: RestoreSource, deps: OperatorDeps): Promise<PlanSummary> {
  const first = [...set.claims.map((c) => c.captured), ...set.configuration];
  const ids = new Set(first.map(objectId));
  // Jobs are made suspended first and released at the gate: one entry.
  const plans = await compareWithTarget(object, [...first, ...set.gate.filter((o) => !ids.has(objectId(o)))], deps, randomUUID());
  const summary = summarizePlan(plans);
  const { missing } = planFixups({ restore: object, copy, set, adapters: deps.adapters, isolated: isMoved(object, copy) });
  const kept = drill ? await keptVolumes(first, deps) : [];
  return { ...summary, skip: [...summary.skip, ...set.never], refuse: [...summary.refuse, ...missing, ...kept] };
}

/** Bounds of the schema; `more` counts what did not fit. */
const maxEntries = 512;

function shown(plan: PlanSummary): PlanSummary {
  const cut = (entries: readonly string[]): string[] => entries.slice(0, maxEntries).map((e) => e.slice(0, 640));
  const over = (entries: readonly string[]): number => Math.max(0, entries.length - maxEntries);
  return { create: cut(plan.create), change: cut(plan.change), skip: cut(plan.skip), refuse: cut(plan.refuse), more: plan.more + over(plan.skip) + over(plan.refuse) };
}

async function finishDryRun(writer: RestoreWriter, plan: PlanSummary, change: Parameters<RestoreWriter['write']>[0], deps: OperatorDeps): Promise<StepResult> {
  const refused = plan.refuse.length === 0 ? '' : ` It would be refused: ${some(plan.refuse)}.`;
  const message = `Dry run, nothing was applied: ${plan.create.length} objects to create, ${plan.change.length} to change, ${plan.skip.length} left out, ${plan.refuse.length} refused in ${targetNamespace(writer.object)}.${refused}`;
  await writer.write({ ...change, phase: 'Ready' }, { kind: 'ready', reason: 'DryRun', message });
  tell(deps, writer.object, 'Normal', 'DryRun', message);
  return now;
}
