import type { Trigger } from '../../faults/moments.js';
import { play, type KillCase } from '../kill/case.js';
import type { Scene } from '../kill/scene.js';
import type { Pair } from './pair.js';
import { crashAt, type CrashPoint } from './points.js';

/** One attempt more than by default: the crash may cost one, and a slow storage another. */
const spec = { quiesce: { attempts: 3 } };
const end: Pick<KillCase, 'spec' | 'status' | 'reason'> = { spec, status: { phase: 'Ready', grade: 'Frozen' }, reason: /^SnapshotReady$/ };

/** From `kubectl apply` until nothing is left after `kubectl delete`; the operator dies at one point of it. Figures, and which write it was. */
export async function snapshotLife(scene: Scene, pair: Pair, name: string, point?: CrashPoint): Promise<Record<string, unknown>> {
  await pair.ready();
  const triggers = (s: Scene): Trigger[] => (point === undefined ? [] : [crashAt(point, s.operator.pid)]);
  const { operator } = scene;
  const played = await pair.through(() => play(scene, { name, triggers, act: () => Promise.resolve(), ...end }));
  return { ...played, killed: !operator.alive };
}
