import type { ServiceAccountRef } from './service-account.js';

/**
 * Exec into containers over WebSocket (`v5.channel.k8s.io`). What left the process and did not come back is
 * `lost`: neither success nor failure.
 */

export interface ExecTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
}

/** How a remote process ended, as far as we know. */
export type ExecOutcome =
  | { readonly kind: 'exited'; readonly code: number }
  /** The server said that it did not run, or not to its end. */
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string }
  /** The connection ended without a status: unknown, never success. */
  | { readonly kind: 'lost'; readonly why: string };

export interface ExecOptions {
  /** Act as this account; default: the operator itself. */
  readonly as?: ServiceAccountRef;
  /** From call to outcome, in ms; reaching it gives `lost`. Default: none for `open`, 30,000 for `run`. */
  readonly deadlineMillis?: number;
  readonly signal?: AbortSignal;
}

export interface ExecResult {
  readonly outcome: ExecOutcome;
  /** At most `maxOutputBytes` (default 64 KiB) each, the end kept; `truncated` says that something is missing. */
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
}

/** An open exec stream, for holders: line by line in both directions. */
export interface ExecStream {
  /** Writes one line (a newline is added) at once. Throws when the stream is no longer open. */
  send(line: string): void;
  /** Calls back for every whole line of stdout, in order. Set before the first line can arrive (same tick as `open` resolves). */
  onLine(callback: (line: string) => void): void;
  /** Half-closes stdin: the remote side reads EOF. */
  endInput(): void;
  /** Ends the stream at once, whatever the remote side does. */
  close(): void;
  /** Resolves when the remote process has ended or the connection is gone. Never rejects. */
  readonly outcome: Promise<ExecOutcome>;
  /** What came on stderr so far, bounded. */
  stderr(): string;
}

export interface Exec {
  /** Opens a stream and resolves when the upgrade is accepted; rejects with ApiError when it is refused. */
  open(target: ExecTarget, options?: ExecOptions): Promise<ExecStream>;
  /** Runs to the end, with optional stdin, and captures the output. Rejects with ApiError only when the upgrade is refused. */
  run(target: ExecTarget, options?: ExecOptions & { stdin?: string; maxOutputBytes?: number }): Promise<ExecResult>;
}
