import type { Shape } from './shapes.js';

/** Seconds that things took on two quiet cores: only their proportions matter once something has been measured. */
const setUpSeconds = ({ pods, volumes }: Shape): number => 8 + 0.6 * pods + 0.4 * volumes;
const pairSeconds = ({ volumes }: Shape): number => 3.7 + 0.25 * volumes;

/** How long the rest takes, from how long the part that is done took. */
export class Eta {
  readonly #begin = performance.now();
  #expected = 0;
  #left: number;

  constructor(shapes: readonly Shape[]) {
    this.#left = shapes.map((shape) => setUpSeconds(shape) + shape.runs * pairSeconds(shape)).reduce((a, b) => a + b, 0);
  }

  setUp(shape: Shape): void {
    this.#done(setUpSeconds(shape));
  }

  pair(shape: Shape): void {
    this.#done(pairSeconds(shape));
  }

  /** A pair of an earlier run: no time passed for it. */
  skip(shape: Shape, pairs: number): void {
    this.#left -= pairs * pairSeconds(shape);
  }

  /** `12:05 elapsed, about 40:10 to go`. */
  text(): string {
    const elapsed = (performance.now() - this.#begin) / 1000;
    const pace = this.#expected === 0 ? 1 : elapsed / this.#expected;
    return `${minutes(elapsed)} elapsed, about ${minutes(Math.max(0, this.#left) * pace)} to go`;
  }

  #done(seconds: number): void {
    this.#expected += seconds;
    this.#left -= seconds;
  }
}

function minutes(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
