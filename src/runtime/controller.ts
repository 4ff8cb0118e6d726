import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import type { Clock } from './clock.js';
import type { Outcome } from './outcome.js';

/** What a reconcile gets besides its key. */
export interface ReconcileContext {
  /** Carries controller, namespace, name and reconcileID. */
  readonly log: Logger;
  /** Aborts when the controller stops or the reconcile has taken longer than its limit. */
  readonly signal: AbortSignal;
}

export interface ControllerOptions<K extends string> {
  readonly name: string;
  /** Keys are never reconciled twice at the same time; a throw is an outcome (see outcomeOf). */
  readonly reconcile: (key: K, context: ReconcileContext) => Promise<Outcome>;
  /** Keys reconciled at the same time. Default: 1. */
  readonly concurrency?: number;
  /** Limit of one reconcile in ms: its signal aborts. Default: 10 minutes. */
  readonly timeoutMillis?: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
}

export interface Controller<K extends string> {
  readonly name: string;
  /** Asks for a reconcile. Equal keys collapse; higher priority goes first (default 0, initial fill -100). */
  enqueue(key: K, options?: { priority?: number; afterMillis?: number }): void;
  /** Works until the signal aborts, then resolves once the reconciles in hand have ended. */
  run(signal: AbortSignal): Promise<void>;
}

export interface RuntimeMetrics { readonly registry: Metrics }
export declare function createController<K extends string = string>(options: ControllerOptions<K>): Controller<K>;
