import { appSnapshotSpec } from '../../api/appsnapshot.js';
import { fail } from '../../api/errors.js';
import { appSnapshots, type AppSnapshot } from '../../api/kinds.js';
import type { ReconcileContext } from '../../runtime/controller.js';
import { addFinalizer } from '../../runtime/finalizers.js';
import { keyText } from '../../runtime/object.js';
import type { Outcome } from '../../runtime/outcome.js';
import type { Caches } from '../caches.js';
import type { OperatorDeps } from '../deps.js';
import { reconciler } from '../reconciler.js';
import { later, onChange, type StepResult } from '../step.js';
import type { WindowLine } from '../window-line.js';
import { attempt } from './attempt.js';
import { discard, expire, recover, remove } from './cleanup.js';
import { complete } from './complete.js';
import { copyStep } from './copies/copy-step.js';
import { forgetStep } from './copies/forget-step.js';
import { decide, snapshotFinalizer, type SnapshotPlan } from './decide.js';
import { gradeStep } from './grade-step.js';
import { releaseStep } from './retained/release.js';
import { retainStep } from './retained/retain-step.js';
import { snapshotWriter, tell, type SnapshotWriter } from './steps.js';
import { waitForTurn, windowRequest } from './turn.js';

/** The controller of AppSnapshots. */
export function reconcileAppSnapshot(deps: OperatorDeps, line: WindowLine): (key: string, context: ReconcileContext) => Promise<Outcome> {
  return reconciler<AppSnapshot, SnapshotWriter>(
    {
      type: appSnapshots,
      refused: undefined,
      writer: (object, { client, clock }) => snapshotWriter(client, clock, object),
      step: (writer, own, signal) => {
        const plan = decide({ object: writer.object, now: own.clock.now(), pointLost: isPointLost(writer.object, own.caches) });
        own.log.debug('decided', { plan: plan.kind, phase: writer.object.status?.phase });
        countCopy(writer.object, own);
        if (plan.kind !== 'attempt') line.leave(keyText(writer.object.metadata));
        return act(plan, writer, own, line, signal);
      },
      report: async (writer, own, error, verdict) => {
        await writer.write(verdict.kind === 'failed' ? { phase: 'Failed', reasons: [error.publicMessage] } : {}, verdict);
        tell(own, writer.object, 'Warning', error.code, error.publicMessage);
      },
    },
    deps,
  );
}

async function act(plan: SnapshotPlan, writer: SnapshotWriter, deps: OperatorDeps, line: WindowLine, signal: AbortSignal): Promise<StepResult> {
  switch (plan.kind) {
    case 'idle':
      return onChange;
    case 'suspended':
      await writer.write({}, { kind: 'working', reason: 'Suspended', message: 'spec.suspend is true: nothing new is begun.' });
      return onChange;
    case 'wait':
      return later(plan.seconds);
    case 'addFinalizer':
      await addFinalizer(deps.client, appSnapshots, writer.object, snapshotFinalizer);
      // The write comes back through the cache and brings the key again.
      return onChange;
    case 'recover':
      return recover(writer, deps);
    case 'attempt': {
      checkSpec(writer.object);
      const end = line.ask(windowRequest(writer.object, deps.caches));
      if (end === undefined) return waitForTurn(writer, line);
      try {
        return await attempt(writer, plan, deps, signal);
      } finally {
        end();
      }
    }
    case 'grade':
      return gradeStep(writer, deps, signal);
    case 'complete':
      return complete(writer, deps);
    case 'copy':
      return copyStep(writer, plan.target, deps);
    case 'forget':
      return forgetStep(writer, plan.target, deps);
    case 'retain':
      return retainStep(writer, deps);
    case 'release':
      return releaseStep(writer, deps);
    case 'expire':
      return expire(writer, deps, signal);
    case 'discard':
      return discard(writer, deps, signal);
    case 'delete':
      return remove(writer, deps, signal);
  }
}

/** As the cache knows the Secret; that it is wrong costs a look. */
function isPointLost({ metadata }: AppSnapshot, caches: Pick<Caches, 'retained'>): boolean {
  return caches.retained.by('appSnapshot', metadata.uid).every((secret) => secret.metadata.deletionTimestamp !== undefined);
}

/** Also after a restart of the operator, every ready copy is in the metrics. */
function countCopy({ metadata, status }: AppSnapshot, deps: OperatorDeps): void {
  if (status?.phase !== 'Ready' || status.grade === undefined || status.completionTime === undefined) return;
  deps.metrics.copy({ namespace: metadata.namespace, name: metadata.name }, status.grade, {
    at: Date.parse(status.completionTime),
    verifiedAt: status.verified === undefined ? undefined : Date.parse(status.verified.at),
  });
}

/** The API server has checked the schema; this catches what an older CRD may have let pass. */
function checkSpec(object: AppSnapshot): void {
  const parsed = appSnapshotSpec.safeParse(object.spec);
  if (parsed.success) return;
  const [issue] = parsed.error.issues;
  throw fail('InvalidSpec', `spec.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
}
