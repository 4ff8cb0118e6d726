/** When a failed operation is worth repeating. */
export type RetryPolicy =
  /** With growing delay. */
  | 'backoff'
  /** After a fixed time. */
  | 'after'
  /** Not before the object or its surroundings change. */
  | 'never';

/** What `after` waits when the error names no time. */
const defaultAfterSeconds = 30;

/** An error as a value with a policy. The message may reach status and events, the cause only logs. */
export class AppError extends Error {
  /** CamelCase; also the reason of conditions and events. */
  readonly code: string;
  readonly retry: RetryPolicy;
  readonly publicMessage: string;
  /** Only meaningful with `retry: 'after'`. */
  readonly afterSeconds: number;

  constructor(code: string, publicMessage: string, options: { retry: RetryPolicy; afterSeconds?: number; cause?: unknown }) {
    super(`${code}: ${publicMessage}`, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.retry = options.retry;
    this.publicMessage = publicMessage;
    this.afterSeconds = options.afterSeconds ?? defaultAfterSeconds;
  }
}
