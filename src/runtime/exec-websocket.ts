import type { Clock } from './clock.js';
import { ExecConnection } from './exec-connection.js';
import type { Exec, ExecOptions, ExecResult, ExecStream, ExecTarget } from './exec.js';
import { TailBuffer } from './tail-buffer.js';
import type { Transport } from './transport.js';
import { LineSplitter } from './watch-stream.js';

const runDeadlineMillis = 30_000;
const defaultOutputBytes = 64 * 1024;
const stdinChunkBytes = 32 * 1024;
/** A longer line of stdout ends the stream: it is no protocol of ours. */
const maxLineBytes = 1024 * 1024;

/** Exec over WebSocket, on the server and credentials of the transport. */
export function createExec(options: { transport: Transport; clock: Clock }): Exec {
  const { transport, clock } = options;
  return {
    open: (target, execOptions = {}) => openStream(transport, clock, target, execOptions),
    run: (target, execOptions = {}) => run(transport, clock, target, execOptions),
  };
}

async function openStream(transport: Transport, clock: Clock, target: ExecTarget, options: ExecOptions): Promise<ExecStream> {
  const lines = new LineSplitter(maxLineBytes);
  const stderr = new TailBuffer(defaultOutputBytes);
  const early: string[] = [];
  let deliver = (line: string): void => void early.push(line);
  const connection = await ExecConnection.open({
    endpoint: await transport.endpoint(),
    target,
    stdin: true,
    as: options.as,
    deadlineMillis: options.deadlineMillis,
    clock,
    onStdout: (data) => {
      for (const line of lines.push(data)) deliver(line);
      if (lines.overflow) connection.end({ kind: 'lost', why: `a line of more than ${maxLineBytes} bytes` });
    },
    onStderr: (data) => stderr.push(data),
  });
  limit(connection, clock, options.deadlineMillis, options.signal);
  return {
    send: (line) => connection.write(`${line}\n`),
    onLine: (callback) => {
      deliver = callback;
      for (const line of early.splice(0)) callback(line);
    },
    endInput: () => connection.endInput(),
    close: () => connection.end({ kind: 'lost', why: 'closed by us' }),
    outcome: connection.outcome,
    stderr: () => stderr.text(),
  };
}

async function run(
  transport: Transport,
  clock: Clock,
  target: ExecTarget,
  options: ExecOptions & { stdin?: string; maxOutputBytes?: number },
): Promise<ExecResult> {
  const maxBytes = options.maxOutputBytes ?? defaultOutputBytes;
  const stdout = new TailBuffer(maxBytes);
  const stderr = new TailBuffer(maxBytes);
  const startedAt = clock.monotonic();
  const deadlineMillis = options.deadlineMillis ?? runDeadlineMillis;
  const connection = await ExecConnection.open({
    endpoint: await transport.endpoint(),
    target,
    stdin: options.stdin !== undefined,
    as: options.as,
    deadlineMillis,
    clock,
    onStdout: (data) => stdout.push(data),
    onStderr: (data) => stderr.push(data),
  });
  limit(connection, clock, deadlineMillis - (clock.monotonic() - startedAt), options.signal);
  if (options.stdin !== undefined) await feed(connection, Buffer.from(options.stdin));
  const outcome = await connection.outcome;
  return { outcome, stdout: stdout.text(), stderr: stderr.text(), truncated: stdout.truncated || stderr.truncated };
}

/** Writes all of stdin and half-closes it; a process that ends without reading everything is no error. */
async function feed(connection: ExecConnection, input: Buffer): Promise<void> {
  try {
    for (let at = 0; at < input.length; at += stdinChunkBytes) await connection.writeDrained(input.subarray(at, at + stdinChunkBytes));
    connection.endInput();
  } catch {
    // The connection is over: its outcome says how.
  }
}

function limit(connection: ExecConnection, clock: Clock, deadlineMillis: number | undefined, signal: AbortSignal | undefined): void {
  const onAbort = (): void => connection.end({ kind: 'lost', why: 'aborted by us' });
  const cancel =
    deadlineMillis === undefined
      ? undefined
      : clock.after(Math.max(0, deadlineMillis), () => connection.end({ kind: 'lost', why: `deadline reached` }));
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  void connection.outcome.then(() => {
    cancel?.();
    signal?.removeEventListener('abort', onAbort);
  });
}
