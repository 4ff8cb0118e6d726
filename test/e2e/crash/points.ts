import type { Trigger } from '../../faults/moments.js';
import type { ProxyProgram } from '../../faults/program.js';

/** Before the API server sees the nth write of a life, or when it has answered and the operator does not know. */
export interface CrashPoint {
  readonly n: number;
  readonly when: 'before' | 'after';
}

export function crashAt({ n, when }: CrashPoint, pid: number): Trigger {
  return { name: 'write', when, nth: n, deed: { kind: 'signal', pid, signal: 'SIGKILL' } };
}

/** Writes since the triggers were set. */
export async function writes(proxy: ProxyProgram): Promise<number> {
  return (await proxy.moments()).filter((m) => m.name === 'write' && m.when === 'before').length;
}

/** `count` of all points of a life with so many writes, evenly spread; all when there are no more. */
export function spread(writesOfLife: number, count: number): CrashPoint[] {
  const all = Array.from({ length: writesOfLife }, (_, i) => i + 1).flatMap((n): CrashPoint[] => [{ n, when: 'before' }, { n, when: 'after' }]);
  return all.filter((_, i) => Math.floor((i * count) / all.length) !== Math.floor(((i - 1) * count) / all.length));
}
