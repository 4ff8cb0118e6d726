import type { IncomingMessage } from 'node:http';
import type { Clock } from './clock.js';
import type { KubeObject } from './object.js';

/** One frame of a watch. */
export interface WatchFrame {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  /** For ERROR a metav1.Status. */
  readonly object: KubeObject;
}

/** Why a watch stream is over. */
export type WatchEnd =
  /** The server ended it at the end of a frame: the usual end. */
  | 'ended'
  /** The connection broke, a frame was cut, or nothing came for too long. What was handed on before is whole. */
  | 'broken';

/** A frame longer than this breaks the stream; etcd objects are limited to 1.5 MiB. */
const maxFrameBytes = 16 * 1024 * 1024;
const newline = 0x0a;

/**
 * Hands every frame to `onFrame` in the tick in which its last byte arrived, and resolves when the stream is over. `onFrame` returns
 * false to end it. Rejects only with what `onFrame` throws.
 */
export function readFrames(
  stream: IncomingMessage,
  options: { clock: Clock; silenceMillis: number; onFrame: (frame: WatchFrame) => boolean },
): Promise<WatchEnd> {
  return new Promise((resolve, reject) => {
    const lines = new LineSplitter(maxFrameBytes);
    let cancelSilence: (() => void) | undefined;
    const finish = (end: WatchEnd): void => {
      cancelSilence?.();
      stream.destroy();
      resolve(end);
    };
    const listen = (): void => {
      cancelSilence?.();
      cancelSilence = options.clock.after(options.silenceMillis, () => finish('broken'));
    };
    const take = (chunk: Buffer): void => {
      for (const line of lines.push(chunk)) {
        const frame = parseFrame(line);
        if (frame === undefined) return finish('broken');
        if (!options.onFrame(frame)) return finish('ended');
      }
      if (lines.overflow) finish('broken');
    };
    listen();
    stream.on('data', (chunk: Buffer) => {
      listen();
      try {
        take(chunk);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        finish('broken');
      }
    });
    stream.on('end', () => finish(lines.pendingBytes > 0 ? 'broken' : 'ended'));
    stream.on('error', () => finish('broken'));
    stream.on('close', () => finish('broken'));
  });
}

/** A frame, or undefined when the line is not one: a torn line. */
export function parseFrame(line: string): WatchFrame | undefined {
  try {
    const frame = JSON.parse(line) as Partial<WatchFrame>;
    return frame.type !== undefined && frame.object !== undefined ? (frame as WatchFrame) : undefined;
  } catch {
    return undefined; // the caller treats it as a broken stream
  }
}

/** Cuts a byte stream at newlines; decodes whole lines only, so that no character is torn. */
export class LineSplitter {
  readonly #maxBytes: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of a line that has not ended yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Whether the line that has not ended is longer than allowed. */
  get overflow(): boolean {
    return this.#pendingBytes > this.#maxBytes;
  }

  /** The lines that end within this chunk, without their newline; empty lines are left out. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const line = this.#complete(chunk.subarray(start, end));
      if (line !== '') lines.push(line);
      start = end + 1;
    }
    if (start < chunk.length) {
      this.#pending.push(chunk.subarray(start));
      this.#pendingBytes += chunk.length - start;
    }
    return lines;
  }

  #complete(tail: Buffer): string {
    if (this.#pendingBytes === 0) return tail.toString('utf8');
    const line = Buffer.concat([...this.#pending, tail]).toString('utf8');
    this.#pending = [];
    this.#pendingBytes = 0;
    return line;
  }
}
