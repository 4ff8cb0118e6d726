import { afterAll, beforeAll } from '@jest/globals';
import { bedPki } from '../../faults/certificate.js';
import { ProxyProgram } from '../../faults/program.js';
import { applicationsNamed, type ProofApplication } from '../../proof/applications.js';
import { lanesOf } from '../../proof/cuts.js';
import { databasesNamespace, leaveDatabases, startDatabases } from '../../proof/databases.js';
import type { StillWindow } from '../../proof/history.js';
import type { Lane } from '../../proof/lanes.js';
import { startTokens, stopAllTokens, type Pace, type Tokens } from '../../proof/tokens.js';
import { clearFaults } from '../lib/csi-faults.js';
import { apiServerUrl, operatorRuns, pauseOperator } from './cluster.js';
import { windowSeconds } from './limits.js';
import { OperatorProcess, operatorHome, stopAllOperators, type OperatorHome } from './operator-process.js';

export type Vantage = 'Node' | 'Pod';

/** What every case works with: databases under load in one namespace, and the operator that leads, behind the proxy. */
export interface Scene {
  readonly namespace: string;
  readonly vantage: Vantage;
  readonly apps: readonly ProofApplication[];
  readonly lanes: readonly Lane[];
  /** Writes from before the first case to after the last; its log is outside the cluster. */
  readonly load: Tokens;
  /** Longest time until a window is open, s. */
  readonly windowSeconds: number;
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
  readonly window: StillWindow;
}

/** Starts another operator after the one that died; it leads when the lease of the dead one is over. */
export async function replaceOperator(scene: Scene): Promise<OperatorProcess> {
  scene.operators += 1;
  scene.operator = await OperatorProcess.start(scene.home, `kill-${scene.operators}`);
  return scene.operator;
}

/** A scene as it is asked for. */
export interface SceneOptions {
  readonly vantage?: Vantage;
  /** What runs in the namespace. Default: PostgreSQL. */
  readonly apps?: readonly ProofApplication[];
  /** How it is written to. Default: four lanes for each member, one of them the ring, without a rest. */
  readonly pace?: Pace;
  /** Of the proxy. */
  readonly seed?: number;
}

/** PostgreSQL alone; at vantage Pod under an init, since nothing in a container can stop its process 1. */
export function postgresqlAt(vantage: Vantage): ProofApplication[] {
  return applicationsNamed('postgresql').map((app) => ({ ...app, start: (namespace) => app.start(namespace, vantage === 'Node' ? 'plain' : 'init') }));
}

/** Sets a scene before all tests of the block, and clears it after them. */
export function useScene(own: string, options: SceneOptions = {}): () => Scene {
  const namespace = databasesNamespace(own);
  const { vantage = 'Node', apps = postgresqlAt(vantage), pace = { load: 3 }, seed = 1 } = options;
  const names = apps.map((app) => app.name);
  let scene: Scene | undefined;
  /** Of what was set up, also when it was not finished; the last first. */
  const undo: (() => unknown)[] = [];

  beforeAll(async () => {
    clearFaults();
    await operatorRuns();
    await startDatabases(namespace, apps);
    undo.push(await pauseOperator());
    const proxy = await ProxyProgram.start({ target: await apiServerUrl(), pki: bedPki(), seed });
    undo.push(() => proxy.stop());
    const home = await operatorHome(proxy.url);
    undo.push(() => home.remove(), stopAllOperators);
    const operator = await OperatorProcess.start(home, 'kill-0');
    const lanes = await lanesOf(apps, namespace, pace.load);
    const load = await startTokens(namespace, names.join(','), lanes, pace);
    scene = { namespace, vantage, apps, lanes, load, windowSeconds: windowSeconds(names), proxy, home, operator, operators: 0, kept: [] };
    await operator.leads();
  }, 10_000 * windowSeconds(names));

  afterAll(async () => {
    try {
      await stopAllTokens();
      clearFaults();
      await scene?.proxy.clear();
      // While an operator of ours is there: what objects leave behind is removed by it.
      if (scene?.operator.alive === false) await replaceOperator(scene);
      await leaveDatabases(namespace);
    } finally {
      for (const step of undo.reverse()) await step();
    }
  }, 300_000);

  return () => {
    if (scene === undefined) throw new Error('the scene is not set');
    return scene;
  };
}
