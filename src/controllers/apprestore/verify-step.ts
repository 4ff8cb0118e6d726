import type { RestoredApplication } from '../../api/apprestore.js';
import type { Check } from '../../api/common.js';
import { fail } from '../../api/errors.js';
import type { AppRestore } from '../../api/kinds.js';
import type { CapturedObject } from '../../manifests/captured.js';
import type { StepResult } from '../step.js';
import type { OperatorDeps } from '../deps.js';
import { summarize } from './check-summary.js';
import type { Copy } from './copy.js';
import { copied, restoredApplications } from './fixup-plan.js';
import { finish } from './finish.js';
import { restoreContext } from './restore-context.js';
import { readSource } from './source.js';
import { millisLeft } from './start-step.js';
import { finalFailure, some, type RestoreWriter } from './steps.js';

/** Runs the adapters' checks on the restored applications; only when none failed the rest is made. */
export async function verifyStep(writer: RestoreWriter, deps: OperatorDeps, signal: AbortSignal): Promise<StepResult> {
  const { object } = writer;
  if (!object.spec.verify.enabled) return finish(writer, deps);
  const { copy, set } = await readSource(object, deps);
  const rows = await withLimit(object, deps, signal, (limited) => checkAll(object, copy, [...set.configuration, ...set.gate], deps, limited));
  const summary = summarize(rows.flatMap((row) => row.checks ?? []));
  const applications = merge(object.status?.applications ?? [], rows);
  await writer.write({ applications, verified: summary.verified, checksPassed: summary.passed.length, checksFailed: summary.failed.length });
  if (summary.failed.length > 0) throw finalFailure('CheckFailed', `${some(summary.failed)}. Nothing was removed.`);
  return finish(writer, deps);
}

/** Aborts the checks when `spec.verify.timeout` is over: then nothing is known, and the next look ends the restore. */
async function withLimit<T>(object: AppRestore, deps: OperatorDeps, signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const overdue = fail('CheckFailed', `The checks did not end within spec.verify.timeout (${object.spec.verify.timeout}).`);
  const cancel = deps.clock.after(millisLeft(object, deps.clock.now()), () => {
    limit.abort(overdue);
  });
  try {
    const result = await run(AbortSignal.any([signal, limit.signal]));
    if (limit.signal.aborted) throw overdue;
    return result;
  } catch (error) {
    throw limit.signal.aborted ? overdue : error;
  } finally {
    cancel();
  }
}

function checkAll(object: AppRestore, copy: Copy, objects: readonly CapturedObject[], deps: OperatorDeps, signal: AbortSignal): Promise<RestoredApplication[]> {
  return Promise.all(
    restoredApplications(object, copy).map(async (application): Promise<RestoredApplication> => {
      const checks = await deps.adapters[application.kind].verify(copied(application, copy), restoreContext(object, application, objects, deps, signal));
      return { name: application.name, kind: application.kind, checks: checks.slice(0, 64).map(bounded) };
    }),
  );
}

function bounded(check: Check): Check {
  return { ...check, name: check.name.slice(0, 128), ...(check.message === undefined ? {} : { message: check.message.slice(0, 2048) }) };
}

function merge(before: readonly RestoredApplication[], rows: readonly RestoredApplication[]): RestoredApplication[] {
  return rows.map((row) => ({ ...before.find((b) => b.name === row.name), ...row }));
}
