import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';

/** A log of lines that another process appends to; it is ASCII, so that a chunk may end anywhere. */
export class GrowingLog {
  readonly file: string;
  #rest = '';
  #read = 0;

  /** Makes the file, empty. */
  constructor(file: string) {
    this.file = file;
    writeFileSync(file, '');
  }

  /** The whole lines that came since the last call, each with its end. */
  more(): string {
    const file = openSync(this.file, 'r');
    const chunk = Buffer.alloc(256 * 1024);
    try {
      for (let n = readSync(file, chunk, 0, chunk.length, this.#read); n > 0; n = readSync(file, chunk, 0, chunk.length, this.#read)) {
        this.#read += n;
        this.#rest += chunk.toString('latin1', 0, n);
      }
    } finally {
      closeSync(file);
    }
    const end = this.#rest.lastIndexOf('\n') + 1;
    const lines = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end);
    return lines;
  }
}
