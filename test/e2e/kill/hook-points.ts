import type { MomentName } from '../../faults/moments.js';
import { replaceOperator, type KillCase, type Scene } from './scene.js';
import { expect } from '@jest/globals';

/**
 * The operator is killed at each point of a window. A lost window is counted and repeated by the next leader; where its result was in
 * status already, the copy stands.
 */
export const hookPoints: readonly KillCase[] = [
  killedAt('exec upgrade', 'after', 1),
  killedAt('freeze sent', 'after', 2),
  killedAt('frozen seen', 'before', 2),
  killedAt('cut posted', 'before', 2),
  killedAt('cut posted', 'after', 2),
  killedAt('cut observed', 'before', 2),
  killedAt('release sent', 'after', 2),
  killedAt('released seen', 'before', 2),
  killedAt('status written', 'before', 2),
  killedAt('status written', 'after', 1),
];

function killedAt(name: MomentName, when: 'before' | 'after', attempts: number): KillCase {
  return {
    name: `operator killed ${when} ${name}`,
    triggers: (scene) => [{ name, when, deed: { kind: 'signal', pid: scene.operator.pid, signal: 'SIGKILL' } }],
    act: untilKilled,
    status: { phase: 'Ready', grade: 'Frozen', attempts },
    reason: /^SnapshotReady$/,
  };
}

async function untilKilled(scene: Scene): Promise<void> {
  expect(await scene.operator.ended(30)).toBe('SIGKILL');
  await replaceOperator(scene);
}
