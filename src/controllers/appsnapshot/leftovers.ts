import type { ApplicationStatus } from '../../api/appsnapshot.js';
import { ApiError } from '../../runtime/api-error.js';
import { AppError } from '../../runtime/app-error.js';
import type { OperatorDeps } from '../deps.js';
import { contextOf, detectedAgain } from './from-status.js';
import { tell, type SnapshotWriter } from './steps.js';

/** How long a server is asked to remove what its own method left; it goes on by itself with what it has begun. */
const patienceMillis = 60_000;

/** What came of removing what the online methods of a copy left on their servers. */
export interface LeftoverResult {
  /** With what the servers said. */
  readonly applications: ApplicationStatus[];
  /** Which server is to be asked again; undefined when there is none. */
  readonly waiting: string | undefined;
}

/**
 * Removes what online methods made on their servers beside the volumes. A server that does not answer for a minute is left alone: an event says so, and it
 * is asked again when the object is deleted. Without pods there is nobody to ask.
 */
export async function removeLeftovers(writer: SnapshotWriter, deps: OperatorDeps, applications: readonly ApplicationStatus[], signal: AbortSignal): Promise<LeftoverResult> {
  const results = await Promise.all(applications.map((application) => removeLeftover(writer, deps, application, signal)));
  return { applications: results.map((r) => r.application), waiting: results.find((r) => r.waiting !== undefined)?.waiting };
}

interface OneResult {
  readonly application: ApplicationStatus;
  readonly waiting?: string;
}

async function removeLeftover({ object }: SnapshotWriter, deps: OperatorDeps, application: ApplicationStatus, signal: AbortSignal): Promise<OneResult> {
  const adapter = deps.adapters[application.kind];
  const app = detectedAgain(application, object);
  if (adapter.forget === undefined || app.mode === 'Auto') return { application };
  const context = contextOf(object, deps, signal);
  const pods = app.pods.filter((name) => context.view.pods.some((pod) => pod.metadata.name === name));
  if (pods.length === 0) return { application };
  const { uid } = object.metadata;
  const { facts = {}, positions = {} } = application;
  try {
    const said = await adapter.forget({ ...app, pods }, { facts, positions, copyId: uid }, context);
    return { application: { ...application, positions: { ...positions, ...said } } };
  } catch (error) {
    if (!(error instanceof AppError) && !(error instanceof ApiError)) throw error;
    const why = error instanceof AppError ? error.publicMessage : error.message;
    if (deps.patience.waited(`leftovers/${uid}/${application.name}`) < patienceMillis) return { application, waiting: `${application.name}: ${why}` };
    deps.log.warn('what an online method left could not be removed', { application: application.name, error: why });
    tell(deps, object, 'Warning', 'LeftInRepository', `What the copy of ${application.name} left on its server could not be removed: ${why}`);
    return { application };
  }
}
