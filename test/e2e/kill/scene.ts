import { afterAll, beforeAll } from '@jest/globals';
import type { Window } from '../../apps/postgresql/check.js';
import { bedPki } from '../../faults/certificate.js';
import { ProxyProgram } from '../../faults/program.js';
import { clearFaults } from '../lib/csi-faults.js';
import { startDatabase, type Database } from '../lib/database.js';
import { startLoad, stopAllLoads, type Load } from '../lib/load.js';
import { clearNamespaces, dropNamespace, untilDropped } from '../lib/namespaces.js';
import { makeTenant } from '../lib/tenant.js';
import { apiServerUrl, operatorRuns, pauseOperator } from './cluster.js';
import { OperatorProcess, operatorHome, stopAllOperators, type OperatorHome } from './operator-process.js';

export type Vantage = 'Node' | 'Pod';

/** What every case works with: a database under load, and the operator that leads, behind the proxy. */
export interface Scene {
  readonly vantage: Vantage;
  readonly database: Database;
  /** Writes from before the first case to after the last; its log is outside the cluster. */
  readonly load: Load;
  readonly proxy: ProxyProgram;
  readonly home: OperatorHome;
  operator: OperatorProcess;
  operators: number;
  /** Copies that stay until the end, to be restored and compared. */
  readonly kept: KeptCopy[];
}

export interface KeptCopy {
  readonly name: string;
  /** When it was held, on the clock of the writers. */
  readonly window: Window;
}

/** Starts another operator after the one that died; it leads when the lease of the dead one is over. */
export async function replaceOperator(scene: Scene): Promise<OperatorProcess> {
  scene.operators += 1;
  scene.operator = await OperatorProcess.start(scene.home, `kill-${scene.operators}`);
  return scene.operator;
}

/** Sets a scene before all tests of the block, and clears it after them. At vantage Pod the server runs under an init, since nothing in a container can stop its process 1. `seed` is the proxy's. */
export function useScene(namespace: string, options: { readonly vantage?: Vantage; readonly seed?: number } = {}): () => Scene {
  const { vantage = 'Node', seed = 1 } = options;
  let scene: Scene | undefined;
  /** Of what was set up, also when it was not finished; the last first. */
  const undo: (() => unknown)[] = [];

  beforeAll(async () => {
    clearFaults();
    await operatorRuns();
    await clearNamespaces(namespace);
    await makeTenant(namespace);
    const database = await startDatabase(namespace, vantage === 'Node' ? '15' : '15-init');
    undo.push(await pauseOperator());
    const proxy = await ProxyProgram.start({ target: await apiServerUrl(), pki: bedPki(), seed });
    undo.push(() => proxy.stop());
    const home = await operatorHome(proxy.url);
    undo.push(() => home.remove(), stopAllOperators);
    const operator = await OperatorProcess.start(home, 'kill-0');
    scene = { vantage, database, load: await startLoad(database), proxy, home, operator, operators: 0, kept: [] };
    await operator.leads();
  }, 240_000);

  afterAll(async () => {
    try {
      await stopAllLoads();
      clearFaults();
      await scene?.proxy.clear();
      // While an operator of ours is there: what objects leave behind is removed by it.
      if (scene?.operator.alive === false) await replaceOperator(scene);
      await dropNamespace(namespace);
      await untilDropped();
    } finally {
      for (const step of undo.reverse()) await step();
    }
  }, 300_000);

  return () => {
    if (scene === undefined) throw new Error('the scene is not set');
    return scene;
  };
}
