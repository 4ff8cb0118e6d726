import { setTimeout as pause } from 'node:timers/promises';
import { freeLease } from '../kill/cluster.js';
import { OperatorProcess } from '../kill/operator-process.js';
import type { Scene } from '../kill/scene.js';

/** Candidates look at the lease often; what a hold may rely on stays as it is. */
const settings = { RETRY_PERIOD_MILLIS: '500' };

/** A leader, and a second operator that is warm: after a crash it leads within a second, long before any limit of a hold is over. */
export class Pair {
  readonly #scene: Scene;
  #standby: OperatorProcess | undefined;
  #count = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** Makes sure that both run. */
  async ready(): Promise<void> {
    if (!this.#scene.operator.alive) await this.#promote();
    this.#standby ??= await this.#start();
    await this.#standby.says('caches are filled', 40);
  }

  /** Runs something, and lets the other lead as soon as the leader is dead. */
  async through<T>(work: () => Promise<T>): Promise<T> {
    let over = false;
    const watch = (async () => {
      while (!over) {
        if (!this.#scene.operator.alive) await this.#promote();
        await pause(20);
      }
    })();
    try {
      return await work();
    } finally {
      over = true;
      await watch;
    }
  }

  async #promote(): Promise<void> {
    this.#scene.operator = this.#standby ?? (await this.#start());
    this.#standby = undefined;
    await freeLease();
  }

  #start(): Promise<OperatorProcess> {
    this.#count += 1;
    return OperatorProcess.start(this.#scene.home, `crash-${this.#count}`, settings);
  }
}
