import { volumePolicies, type VolumePolicy } from '../../api/kinds.js';
import type { ReconcileContext } from '../../runtime/controller.js';
import { parseKey } from '../../runtime/object.js';
import type { Outcome } from '../../runtime/outcome.js';
import type { OperatorDeps } from '../deps.js';
import { reconciler } from '../reconciler.js';
import type { Verdict } from '../status-writer.js';
import { now, onChange, sooner, type StepResult } from '../step.js';
import type { PolicyCopy } from './copies.js';
import { copyStep } from './copy-step.js';
import { decide, type PolicyPlan } from './decide.js';
import type { DrillMemory } from './drill/memory.js';
import { drillStep, type DrillLook } from './drill/step.js';
import { observeCopies } from './observe.js';
import { reportOf, withVolumes } from './report.js';
import { say, settleStep } from './settle-step.js';
import { policyWriter, type PolicyWriter } from './steps.js';
import { volumesStep, type VolumesLook } from './volumes/step.js';
import type { UsageMemory } from './volumes/usage.js';

/** The controller of VolumePolicies. */
export function reconcileVolumePolicy(deps: OperatorDeps, drills: DrillMemory, usage: UsageMemory): (key: string, context: ReconcileContext) => Promise<Outcome> {
  return reconciler<VolumePolicy, PolicyWriter>(
    {
      type: volumePolicies,
      refused: 'CopyRefused',
      writer: (object, own) => policyWriter(own, object),
      step: async (writer, own) => {
        const copies = await observeCopies(writer.object, own);
        const look = await drillStep(writer, copies, drills, own);
        if (look.again.again === 'now') return now;
        const plan = decide({ object: writer.object, copies, now: own.clock.now() });
        own.log.debug('decided', { plan: plan.kind });
        return sooner(look.again, await act(plan, writer, { copies, drills: look, usage }, own));
      },
      report: async (writer, own, error, verdict) => sayWith(writer, verdict, await volumesStep(writer, usage, own), own),
      gone: (key) => {
        const { namespace = '', name } = parseKey(key);
        usage.forget(key);
        deps.metrics.forgetPolicy({ namespace, policy: name });
        deps.metrics.volumes({ namespace, policy: name }, undefined);
      },
    },
    deps,
  );
}

interface Around {
  readonly copies: readonly PolicyCopy[];
  readonly drills: DrillLook;
  readonly usage: UsageMemory;
}

async function act(plan: PolicyPlan, writer: PolicyWriter, { copies, drills, usage }: Around, deps: OperatorDeps): Promise<StepResult> {
  switch (plan.kind) {
    case 'idle':
      return onChange;
    case 'adopt':
      await writer.write({ schedule: plan.schedule, drillSchedule: plan.drillSchedule });
      return now;
    case 'copy':
      return copyStep(writer, plan, deps);
    case 'invalid':
    case 'settle': {
      const volumes = await volumesStep(writer, usage, deps);
      const settlement = plan.kind === 'settle' ? plan : { next: undefined, remove: [], release: [], verdict: { kind: 'failed' as const, reason: 'InvalidSpec', message: plan.message } };
      return sooner(volumes.again, await settleStep(writer, { ...settlement, drills, volumes }, copies, deps));
    }
  }
}

/** An error keeps a copy from being made; the age of those that are there is told all the same, and how the volumes stand. */
async function sayWith(writer: PolicyWriter, verdict: Verdict, volumes: VolumesLook, deps: OperatorDeps): Promise<void> {
  const copies = await observeCopies(writer.object, deps);
  const next = writer.object.status?.nextCopy;
  const drill = writer.object.status?.nextDrill;
  const at = (time: string | undefined): number | undefined => (time === undefined ? undefined : Date.parse(time));
  const report = withVolumes(reportOf(writer.object, copies, { copy: at(next), drill: at(drill), drills: undefined }, deps.clock.now()), volumes);
  await say(writer, { ...report, verdict }, deps);
}
