import { Transform } from 'node:stream';

/** Lets bytes pass, or holds them back without closing anything: a half-open network. */
export class Gate {
  #open: Promise<void> = Promise.resolve();
  #release: (() => void) | undefined;

  get shut(): boolean {
    return this.#release !== undefined;
  }

  close(): void {
    if (this.shut) return;
    this.#open = new Promise((resolve) => (this.#release = resolve));
  }

  /** What was held back goes on. */
  open(): void {
    this.#release?.();
    this.#release = undefined;
  }

  /** Resolves while the gate is open. */
  async passage(): Promise<void> {
    while (this.shut) await this.#open;
  }
}

/** What one step of a {@link piecewise} stream makes of a piece: pieces to pass on, and whether the stream ends after them. */
export interface Passed {
  readonly pieces: readonly Buffer[];
  readonly end?: 'end' | 'reset';
}

/** A stream that handles one chunk after the other, in order, each by an asynchronous step. An error of the step destroys the stream. */
export function piecewise(step: (chunk: Buffer) => Promise<Passed>, reset: () => void): Transform {
  let over: Passed['end'];
  return new Transform({
    flush(done) {
      // A body that is to be reset must not come to an orderly end before.
      if (over !== 'reset') done();
    },
    transform(chunk: Buffer, _encoding, done) {
      if (over !== undefined) return done();
      step(chunk).then(
        ({ pieces, end }) => {
          for (const piece of pieces) this.push(piece);
          over = end;
          if (end === 'end') this.push(null);
          done();
          // What was passed on must be on its way before the reset throws the rest away.
          if (end === 'reset') setTimeout(reset, 50);
        },
        (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
      );
    },
  });
}
