import type { RestoredApplication } from '../../api/apprestore.js';
import type { AppRestore } from '../../api/kinds.js';
import { later, now, type StepResult } from '../step.js';
import type { OperatorDeps } from '../deps.js';
import { fixupSeconds } from './fixup-pod.js';
import { planFixups, restoredApplications, type PlannedFixup } from './fixup-plan.js';
import { createFixupPod, listFixupPods, logTail, removeFixupPod } from './fixup-pods.js';
import { fixupState, type RawPod } from './pod-state.js';
import { readSource } from './source.js';
import { count, finalFailure, isMoved, some, type RestoreWriter } from './steps.js';

/** Pods wake the restore up; this is for deadlines only. */
const lookSeconds = 10;
/** Scheduling, images and volumes beside the step itself. */
const patienceMillis = (fixupSeconds + 600) * 1000;

/**
 * Runs the steps of the adapters on the volumes of this restore, each in a pod of the database's own image, before
 * anything is started. Repeatable: the pods are found again by name, and steps may run again until the first start.
 */
export async function prepareStep(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const { copy, set } = await readSource(object, deps);
  const applications = restoredApplications(object, copy);
  const names = new Set(applications.map((a) => a.name));
  const plan = planFixups({ restore: object, copy, set, adapters: deps.adapters, isolated: isMoved(object, copy) });
  const fixups = plan.fixups.filter((f) => names.has(f.application));
  if (plan.missing.length > 0) throw finalFailure('RestoreFailed', `${some(plan.missing)}.`);
  const open = await advance(object, fixups, deps);
  if (open.length > 0) {
    await writer.write({}, { kind: 'working', reason: 'Preparing', message: `Preparing the first start: ${some(open)}.` });
    return later(lookSeconds);
  }
  const rows = applications.map(({ name, kind }): RestoredApplication => {
    const own = fixups.filter((f) => f.application === name).map(({ step }) => `${step.pod}: ${step.description}`.slice(0, 512));
    return { name, kind, ...(own.length === 0 ? {} : { fixups: own.slice(0, 32) }) };
  });
  await writer.write(
    { phase: 'Starting', applications: rows, applicationsStartTime: new Date(deps.clock.now()).toISOString() },
    { kind: 'working', reason: 'Starting', message: `${count(object.status?.scaled?.length ?? 0, 'workload')} are started.` },
  );
  return now;
}

/** Starts what may run next and says what is not done yet. Steps of one pod run one after the other. */
async function advance(object: AppRestore, fixups: readonly PlannedFixup[], deps: OperatorDeps): Promise<string[]> {
  const found = await listFixupPods(object, deps);
  const busy = new Set<string>();
  const open: string[] = [];
  for (const fixup of fixups) {
    const { step, pod } = fixup;
    if (busy.has(step.pod)) continue;
    const live = found.get(pod.metadata.name);
    const why = live === undefined ? await begin(object, fixup, deps) : await judge(object, fixup, live, deps);
    if (why === undefined) continue;
    busy.add(step.pod);
    open.push(`${step.name} of ${step.pod} (${why})`);
  }
  return open;
}

async function begin(object: AppRestore, fixup: PlannedFixup, deps: OperatorDeps): Promise<string> {
  await createFixupPod(object, fixup, deps);
  return 'begun';
}

/** What a step waits for; undefined when it has succeeded. */
async function judge(object: AppRestore, { step, application }: PlannedFixup, live: RawPod, deps: OperatorDeps): Promise<string | undefined> {
  const state = fixupState(live);
  const title = `Step ${step.name} of ${application} on the volumes of ${step.pod}`;
  switch (state.kind) {
    case 'succeeded':
      return undefined;
    case 'running':
      if (deps.patience.waited(live.metadata.uid ?? live.metadata.name) > patienceMillis) throw finalFailure('RestoreFailed', `${title} did not begin in time: ${state.why}.`);
      return state.why;
    case 'lost':
      await removeFixupPod(object, live, deps);
      return `its pod ended (${state.why}), again`;
    case 'refused': {
      const log = await logTail(object, { pod: live.metadata.name, container: step.container }, deps);
      await removeFixupPod(object, live, deps);
      throw finalFailure('RestoreFailed', `${title} ended with ${state.exitCode}: ${log}`);
    }
  }
}
