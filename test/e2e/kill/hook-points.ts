import { expect } from '@jest/globals';
import type { MomentName } from '../../faults/moments.js';
import type { KillCase } from './case.js';
import { freeLease } from './cluster.js';
import { replaceOperator, type Scene, type Vantage } from './scene.js';

/** A case of the suites `kill` and `kill-databases`; `small`: those for which `make test` plays it, of `kill` the vantages. */
export interface SuiteCase extends KillCase {
  readonly small?: readonly (Vantage | 'databases')[];
}

/** The set of the lost attempt is whole and held to the end: no other could be taken for the one that is kept so easily. */
export const beforeReleaseIsSeen = killedAt('released seen', 'before', 2);

/** Client ports are closed, and nothing is frozen yet. Only where there are gates. */
export const behindTheGate = killedAt('gate sent', 'after', 2);

/**
 * The operator is killed at each point of a window. A lost window is counted and repeated by the next leader; where its result was in
 * status already, the copy stands.
 */
export const hookPoints: readonly SuiteCase[] = [
  killedAt('exec upgrade', 'after', 1),
  killedAt('freeze sent', 'after', 2),
  // Everything stands still, clients of gates are kept out, and only the holder knows.
  { ...killedAt('frozen seen', 'before', 2), small: ['databases'] },
  killedAt('cut posted', 'before', 2),
  { ...killedAt('cut posted', 'after', 2), small: ['Node', 'Pod', 'databases'] },
  killedAt('cut observed', 'before', 2),
  killedAt('release sent', 'after', 2),
  { ...beforeReleaseIsSeen, small: ['Node', 'databases'] },
  killedAt('status written', 'before', 2),
  { ...killedAt('status written', 'after', 1), small: ['Node'] },
];

function killedAt(name: MomentName, when: 'before' | 'after', attempts: number): KillCase {
  return {
    name: `operator killed ${when} ${name}`,
    // What a dead process has sent already would still arrive: before the point, that is lost as well.
    triggers: (scene) => [{ name, when, deed: { kind: 'signal', pid: scene.operator.pid, signal: 'SIGKILL' } }, ...(when === 'before' ? [{ name, when, deed: { kind: 'cut' } } as const] : [])],
    act: untilKilled,
    status: { phase: 'Ready', grade: 'Frozen', attempts },
    reason: /^SnapshotReady$/,
    keep: true,
  };
}

/** The next one need not wait for the lease: what the dead one left behind is as fresh as it can be. */
async function untilKilled(scene: Scene): Promise<void> {
  expect(await scene.operator.ended(scene.windowSeconds)).toBe('SIGKILL');
  await Promise.all([freeLease(), replaceOperator(scene)]);
}
