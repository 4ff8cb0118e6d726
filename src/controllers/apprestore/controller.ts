import { appRestores, type AppRestore } from '../../api/kinds.js';
import type { ReconcileContext } from '../../runtime/controller.js';
import { addFinalizer } from '../../runtime/finalizers.js';
import type { Outcome } from '../../runtime/outcome.js';
import type { OperatorDeps } from '../deps.js';
import { reconciler } from '../reconciler.js';
import { onChange, type StepResult } from '../step.js';
import { remove } from './cleanup.js';
import { configurationStep } from './configuration-step.js';
import { decide, restoreFinalizer, type RestorePlan } from './decide.js';
import { planStep } from './plan-step.js';
import { prepareStep } from './prepare-step.js';
import { keptStep, releaseStep } from './in-place/release-step.js';
import { rollBackStep } from './in-place/roll-back-step.js';
import { swapStep } from './in-place/swap-step.js';
import { nextForOldVolumes, unjudged } from './in-place/words.js';
import { fetchStep } from './remote/fetch-step.js';
import { stageStep } from './remote/stage-step.js';
import { sweepStep } from './remote/sweep.js';
import { startStep, timeoutStep } from './start-step.js';
import { restoreWriter, tell, type RestoreWriter } from './steps.js';
import { verifyStep } from './verify-step.js';
import { volumesStep } from './volumes-step.js';

/** The controller of AppRestores. */
export function reconcileAppRestore(deps: OperatorDeps): (key: string, context: ReconcileContext) => Promise<Outcome> {
  return reconciler<AppRestore, RestoreWriter>(
    {
      type: appRestores,
      refused: 'RestoreFailed',
      writer: (object, own) => restoreWriter(own, object),
      step: (writer, own, signal) => {
        const plan = decide({ object: writer.object, now: own.clock.now() });
        own.log.debug('decided', { plan: plan.kind, phase: writer.object.status?.phase });
        return act(plan, writer, own, signal);
      },
      report: async (writer, own, error, verdict) => {
        const isOver = verdict.kind === 'failed';
        const message = `${verdict.message}${isOver ? nextForOldVolumes(writer.object) : ''}`;
        await writer.write({ phase: isOver ? 'Failed' : (writer.object.status?.phase ?? 'Pending') }, { ...verdict, message }, isOver ? unjudged(writer.object, undefined) : []);
        tell(own, writer.object, 'Warning', error.code, message);
      },
    },
    deps,
  );
}

async function act(plan: RestorePlan, writer: RestoreWriter, deps: OperatorDeps, signal: AbortSignal): Promise<StepResult> {
  switch (plan.kind) {
    case 'idle':
      return onChange;
    case 'suspended':
      await writer.write({}, { kind: 'working', reason: 'Suspended', message: 'spec.suspend is true: nothing new is begun.' });
      return onChange;
    case 'addFinalizer':
      await addFinalizer(deps.client, appRestores, writer.object, restoreFinalizer);
      // The write comes back through the cache and brings the key again.
      return onChange;
    case 'fetch':
      return fetchStep(writer, deps);
    case 'plan':
      return planStep(writer, deps);
    case 'swap':
      return swapStep(writer, deps);
    case 'stage':
      return stageStep(writer, deps);
    case 'volumes':
      return volumesStep(writer, deps);
    case 'configuration':
      return configurationStep(writer, deps);
    case 'prepare':
      return prepareStep(writer, deps);
    case 'start':
      return startStep(writer, deps, signal);
    case 'verify':
      return verifyStep(writer, deps, signal);
    case 'timeout':
      return timeoutStep(writer, deps);
    case 'rollBack':
      return rollBackStep(writer, deps);
    case 'release':
      return releaseStep(writer, deps);
    case 'kept':
      return keptStep(writer);
    case 'sweep':
      return sweepStep(writer, deps);
    case 'delete':
      return remove(writer, deps);
  }
}
