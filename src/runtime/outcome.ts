import { AppError } from './app-error.js';

/** How a reconcile ended and when the key is looked at again. */
export type Outcome =
  /** Nothing to do until something changes. */
  | { readonly kind: 'done' }
  /** Look again after this time; the failure count is cleared. */
  | { readonly kind: 'later'; readonly seconds: number }
  /** Failed: again with growing delay. */
  | { readonly kind: 'retry'; readonly error: Error }
  /** Failed for good: only a change brings the key back. */
  | { readonly kind: 'stalled'; readonly error: Error };

/** The outcome of a reconcile that threw. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof AppError) {
    switch (error.retry) {
      case 'backoff':
        return { kind: 'retry', error };
      case 'after':
        return { kind: 'later', seconds: error.afterSeconds };
      case 'never':
        return { kind: 'stalled', error };
    }
  }
  return { kind: 'retry', error: error instanceof Error ? error : new Error(String(error)) };
}

/** Whether what was thrown tells of a fault in the program: what controller-runtime counts as a panic. */
export function isBug(error: unknown): boolean {
  return error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError || !(error instanceof Error);
}
