import type { ApplicationStatus } from '../../api/appsnapshot.js';
import type { AppRestore } from '../../api/kinds.js';
import { resourceName } from '../../manifests/captured.js';
import type { ScaledWorkload } from '../../manifests/order.js';
import { AppError } from '../../runtime/app-error.js';
import type { OperatorDeps } from '../deps.js';
import { copied, restoredApplications } from './fixup-plan.js';
import { podSource } from './pod-source.js';
import { restoreContext } from './restore-context.js';
import type { RestoreSource } from './source.js';

/** Restored applications whose data is in no volume of their own: their servers bring it back when they run. Pure. */
export function filledByServers(object: AppRestore, { copy }: Pick<RestoreSource, 'copy'>): ApplicationStatus[] {
  return restoredApplications(object, copy).filter((application) => application.mechanism === 'Repository');
}

/** The workloads that make the servers of these applications. Pure. */
export function workloadsOf(applications: readonly ApplicationStatus[], { set }: Pick<RestoreSource, 'set'>, scaled: readonly ScaledWorkload[]): ScaledWorkload[] {
  const makers = applications.flatMap((a) => a.members ?? []).flatMap(({ pod }) => podSource(pod, [...set.configuration, ...set.gate])?.workload ?? []);
  return scaled.filter(({ resource, name }) => makers.some((maker) => resourceName(maker.type) === resource && maker.object.metadata.name === name));
}

/** Their adapters' steps, in parallel. Resolves with what they wait for; empty when all are done. A server that does not answer yet is waited for. Throws AppError. */
export async function afterStart(object: AppRestore, applications: readonly ApplicationStatus[], { copy, set }: RestoreSource, deps: OperatorDeps, signal: AbortSignal): Promise<string[]> {
  const objects = [...set.configuration, ...set.gate];
  const waiting = await Promise.all(
    applications.map(async (application) => {
      try {
        return await deps.adapters[application.kind].afterStart?.(copied(application, copy), restoreContext(object, application, objects, deps, signal));
      } catch (error) {
        if (error instanceof AppError && error.code === 'ApplicationNotReady') return error.publicMessage;
        throw error;
      }
    }),
  );
  return waiting.flatMap((text) => text ?? []);
}
