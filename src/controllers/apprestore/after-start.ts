import type { AppRestore } from '../../api/kinds.js';
import { AppError } from '../../runtime/app-error.js';
import type { OperatorDeps } from '../deps.js';
import { copied, restoredApplications } from './fixup-plan.js';
import { restoreContext } from './restore-context.js';
import type { RestoreSource } from './source.js';

/**
 * The adapters' steps on running applications, in parallel. Resolves with what they wait for; empty when all are done. A server that does not answer yet is waited
 * for. Throws AppError.
 */
export async function afterStart(object: AppRestore, { snapshot, set }: RestoreSource, deps: OperatorDeps, signal: AbortSignal): Promise<string[]> {
  const objects = [...set.configuration, ...set.gate];
  const waiting = await Promise.all(
    restoredApplications(object, snapshot).map(async (application) => {
      try {
        return await deps.adapters[application.kind].afterStart?.(copied(application, snapshot), restoreContext(object, application, objects, deps, signal));
      } catch (error) {
        if (error instanceof AppError && error.code === 'ApplicationNotReady') return error.publicMessage;
        throw error;
      }
    }),
  );
  return waiting.flatMap((text) => text ?? []);
}
