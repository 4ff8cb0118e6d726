import { afterAll, beforeAll } from '@jest/globals';
import { apiServerUrl, freeLease, pauseOperator } from './cluster.js';
import { operatorHome, OperatorProcess, stopAllOperators, type OperatorHome } from './operator-process.js';

export interface Successors {
  /** Starts the next operator; resolves when it leads. */
  readonly next: () => Promise<OperatorProcess>;
  /** SIGKILL; whoever comes next need not wait for the lease. */
  readonly kill: (operator: OperatorProcess) => Promise<void>;
}

/** Operators of this checkout, one after the other, in place of the one in the cluster, for the tests of the block that it is called in. `settings` is asked once. */
export function useSuccessors(prefix: string, settings: () => Promise<Record<string, string>> = () => Promise.resolve({})): Successors {
  let home: OperatorHome;
  let environment: Record<string, string> = {};
  let putBack: () => Promise<void>;
  let started = 0;

  beforeAll(async () => {
    putBack = await pauseOperator();
    home = await operatorHome(await apiServerUrl());
    environment = await settings();
  }, 120_000);
  afterAll(async () => {
    await stopAllOperators();
    home?.remove();
    await putBack?.();
  }, 180_000);

  return {
    next: async () => {
      started += 1;
      const operator = await OperatorProcess.start(home, `${prefix}-${started}`, environment);
      await operator.leads(60);
      return operator;
    },
    kill: async (operator) => {
      await operator.kill('SIGKILL');
      await freeLease();
    },
  };
}
