import type { ExecOutcome } from './exec.js';

/** Channels of `v5.channel.k8s.io`: the first byte of every message. */
export const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;

/** A message with data for a channel. */
export function frame(channel: number, data: string | Buffer): Buffer {
  if (typeof data !== 'string') return Buffer.concat([Buffer.of(channel), data]);
  const message = Buffer.allocUnsafe(1 + Buffer.byteLength(data));
  message[0] = channel;
  message.write(data, 1);
  return message;
}

/** The message that half-closes stdin (v5 only). */
export function closeStdinFrame(): Buffer {
  return Buffer.of(channels.close, channels.stdin);
}

interface StatusMessage {
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] };
}

/**
 * What the status channel says (client-go remotecommand, v4 decoder): Success is exit 0, NonZeroExitCode names the code, any other
 * failure means that the process was not run to its end. What cannot be understood is lost, not success.
 */
export function outcomeOfStatus(text: string): ExecOutcome {
  let status: StatusMessage;
  try {
    status = JSON.parse(text) as StatusMessage;
  } catch {
    return { kind: 'lost', why: `unreadable status: ${text.slice(0, 200)}` };
  }
  if (status.status === 'Success') return { kind: 'exited', code: 0 };
  if (status.status !== 'Failure') return { kind: 'lost', why: `unknown status: ${text.slice(0, 200)}` };
  if (status.reason === 'NonZeroExitCode') {
    const code = Number(status.details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message);
    return Number.isInteger(code) ? { kind: 'exited', code } : { kind: 'lost', why: 'the status names no exit code' };
  }
  return { kind: 'failed', reason: status.reason ?? 'InternalError', message: status.message ?? 'no message' };
}
