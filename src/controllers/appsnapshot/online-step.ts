import { fail } from '../../api/errors.js';
import { AppError } from '../../runtime/app-error.js';
import type { OnlineEvidence, OnlineMode, OnlineSession } from '../../hooks/adapter.js';
import { meetsGrade } from '../../hooks/hold/grade.js';
import type { WindowResult } from '../../hooks/hold/window-types.js';
import type { Grade } from '../../api/common.js';
import type { AttemptPlan, PlannedApplication } from './gather.js';

/** The online method by which the application is copied; undefined when it is not. */
export function onlineMode({ detected, preflight }: PlannedApplication): OnlineMode | undefined {
  return detected.mode === preflight.online?.mode ? preflight.online?.mode : undefined;
}

/** True when the application is copied by its own online method. */
export function isOnline(app: PlannedApplication): boolean {
  return onlineMode(app) !== undefined;
}

/** Claims that must be cut after the online methods were ended, by name. */
export function lastClaims(applications: readonly PlannedApplication[]): ReadonlySet<string> {
  return new Set(applications.filter(isOnline).flatMap((a) => a.preflight.online?.lastClaims ?? []));
}

/** What to do where the hold that is asked for cannot be had: an application may have a way of its own. Empty when none has. */
export function onlineHint(plan: Pick<AttemptPlan, 'applications'>, required: Grade): string {
  const [app, ...others] = plan.applications;
  if (app?.preflight.online === undefined || others.length > 0 || isOnline(app) || !meetsGrade('Quiesced', required)) return '';
  return ` ${app.detected.name} can be copied without a hold, as Quiesced: set mode ${app.preflight.online.mode} for it in spec.applications.`;
}

/** The online methods of one attempt, by application. */
export class OnlineMethods {
  readonly #sessions: ReadonlyMap<string, OnlineSession>;

  private constructor(sessions: ReadonlyMap<string, OnlineSession>) {
    this.#sessions = sessions;
  }

  /** Begins them all, or none. Throws AppError. */
  static async begin(plan: AttemptPlan): Promise<OnlineMethods> {
    const online = plan.applications.filter(isOnline);
    const begun = await Promise.allSettled(online.map(async (app) => [app.detected.name, await begin(app, plan)] as const));
    const methods = new OnlineMethods(new Map(begun.flatMap((b) => (b.status === 'fulfilled' ? [b.value] : []))));
    const failed = begun.find((b) => b.status === 'rejected');
    if (failed === undefined) return methods;
    methods.close();
    throw failed.reason;
  }

  /** Between the cuts: ends the methods. Throws AppError. */
  async stop(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.stop()));
  }

  /** After the window: its result, with an error when a method does not cover what was cut, and what the methods left. */
  async evidence(result: WindowResult): Promise<{ result: WindowResult; evidence: ReadonlyMap<string, OnlineEvidence> }> {
    if (result.error !== undefined) return { result, evidence: new Map() };
    try {
      const entries = await Promise.all([...this.#sessions].map(async ([name, session]) => [name, await session.evidence()] as const));
      return { result, evidence: new Map(entries) };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { result: { ...result, error }, evidence: new Map() };
    }
  }

  close(): void {
    for (const session of this.#sessions.values()) session.close();
  }
}

function begin({ adapter, detected, preflight }: PlannedApplication, plan: AttemptPlan): Promise<OnlineSession> {
  const session = adapter.online?.(detected, preflight, plan.context);
  return session ?? Promise.reject(fail('HoldNotPossible', `Kind ${detected.kind} has no online method.`));
}
