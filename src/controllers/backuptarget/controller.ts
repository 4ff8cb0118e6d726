import { backupTargetSpec } from '../../api/backuptarget.js';
import { fail } from '../../api/errors.js';
import { backupTargets, type BackupTarget } from '../../api/kinds.js';
import type { ReconcileContext } from '../../runtime/controller.js';
import { findCondition } from '../../runtime/conditions.js';
import type { Outcome } from '../../runtime/outcome.js';
import type { OperatorDeps } from '../deps.js';
import { reconciler } from '../reconciler.js';
import { later, onChange, type StepResult } from '../step.js';
import { abandonCheck, beginCheck, watchCheck } from './check-step.js';
import { decide, type TargetPlan } from './decide.js';
import { targetWriter, tell, type TargetWriter } from './steps.js';

/** The controller of BackupTargets. */
export function reconcileBackupTarget(deps: OperatorDeps): (key: string, context: ReconcileContext) => Promise<Outcome> {
  return reconciler<BackupTarget, TargetWriter>(
    {
      type: backupTargets,
      refused: 'MoverFailed',
      writer: (object, own) => targetWriter(own, object),
      step: async (writer, own) => {
        const plan = decide({ object: writer.object, now: own.clock.now() });
        own.log.debug('decided', { plan: plan.kind });
        const result = await act(plan, writer, own);
        measure(writer.object, own);
        return result;
      },
      report: async (writer, own, error, verdict) => {
        const known = findCondition(writer.object.status?.conditions, 'Ready');
        await writer.write({ phase: 'NotReady' }, verdict);
        measure(writer.object, own);
        if (known?.reason !== error.code) tell(own, writer.object, 'Warning', error.code, error.publicMessage);
      },
    },
    deps,
  );
}

async function act(plan: TargetPlan, writer: TargetWriter, deps: OperatorDeps): Promise<StepResult> {
  switch (plan.kind) {
    case 'idle':
      return onChange;
    case 'suspended':
      await writer.write({}, { kind: 'working', reason: 'Suspended', message: 'spec.suspend is true: nothing is checked, and no copy to it is begun.' });
      return onChange;
    case 'begin':
      requireValid(writer.object);
      return beginCheck(writer, plan, deps);
    case 'watch':
      return watchCheck(writer, plan.round, deps);
    case 'abandon':
      return abandonCheck(writer, deps);
    case 'wait':
      return later(plan.seconds);
  }
}

/** One that was never checked is not ready either. */
function measure({ metadata, spec, status }: BackupTarget, deps: OperatorDeps): void {
  if (metadata.deletionTimestamp !== undefined) return;
  const [ready, sound] = ['Ready', 'Sound'].map((type) => findCondition(status?.conditions, type)?.status);
  deps.metrics.target(
    { namespace: metadata.namespace, target: metadata.name },
    { ready: spec.suspend || ready === undefined ? undefined : ready === 'True', sound: sound === 'True' ? true : sound === 'False' ? false : undefined },
  );
}

/** The API server has checked the schema; this catches what an older CRD may have let pass. */
function requireValid(object: BackupTarget): void {
  const parsed = backupTargetSpec.safeParse(object.spec);
  if (parsed.success) return;
  const [issue] = parsed.error.issues;
  throw fail('InvalidSpec', `spec.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
}
