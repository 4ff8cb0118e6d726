/** Keeps the last bytes of a stream, at most `maxBytes`. */
export class TailBuffer {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #truncated = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether something is missing at the front. */
  get truncated(): boolean {
    return this.#truncated;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size > this.#maxBytes) {
      const first = this.#chunks[0];
      if (first === undefined) return;
      const excess = this.#size - this.#maxBytes;
      this.#truncated = true;
      if (first.length <= excess) {
        this.#chunks.shift();
        this.#size -= first.length;
      } else {
        // A copy: a view would keep the whole chunk alive.
        this.#chunks[0] = Buffer.from(first.subarray(excess));
        this.#size -= excess;
      }
    }
  }

  /** As UTF-8; a character cut at the front becomes U+FFFD. */
  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}
