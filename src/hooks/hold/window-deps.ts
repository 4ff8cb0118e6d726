import type { Logger } from '../../observability/logger.js';
import type { Clock } from '../../runtime/clock.js';
import type { EndDeps } from './end-hold.js';

/** What a window works with. */
export interface WindowDeps extends EndDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborts: everything is let go at once. */
  readonly signal: AbortSignal;
  /** Fencing: may a hold of at most this many ms begin, or go on, now? Asked right before every gate, freeze and cut; must be synchronous and cheap. */
  readonly mayAct: (maxHoldMillis: number) => boolean;
  /** Names the holds in status and resolves when that is acknowledged. Nothing is gated or frozen before. */
  readonly announce: () => Promise<void>;
  /** Called inside the window when every cut but the last ones was seen; not called when no cut is last. Rejects with an AppError to give up. */
  readonly beforeLastCuts?: () => Promise<void>;
}
