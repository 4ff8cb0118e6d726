import { loadavg } from 'node:os';
import { percentile, recordFigures } from '../lib/figures.js';
import { added, requestsLogged, requestsSent, type LeaderMemory } from './operator.js';
import { mostAtOnce, mostOvertaken } from './order.js';
import { turnsOf, type SeenCopy, type Wave } from './wave.js';

interface Measured {
  readonly wave: Wave;
  /** When all were due, ms since the epoch. */
  readonly tick: number;
  readonly memory: LeaderMemory;
  /** Requests sent before the tick. */
  readonly sent: ReadonlyMap<string, number>;
  /** How many windows may be open at a time. */
  readonly atOnce: number;
  readonly disturbed: readonly SeenCopy[];
}

/** What the wave has cost, into `test/.artifacts/many.json`. Also of one that did not end well. */
export async function recordWave({ wave, tick, memory, sent, atOnce, disturbed }: Measured): Promise<void> {
  const end = Date.now();
  const { copies } = wave;
  const turns = turnsOf(copies);
  const sinceTick = (at: number): number => (at - tick) / 1000;
  const windows = copies.flatMap(({ object }) => (object.status?.window === undefined ? [] : [object.status.window]));
  const ready = copies.flatMap((copy) => (copy.ready === undefined ? [] : [sinceTick(copy.ready)]));
  const figures = {
    namespaces: copies.length,
    ready: ready.length,
    load: Math.round(loadavg()[0] ?? NaN),
    secondsSinceTick: { lastMade: Math.max(...copies.map((copy) => sinceTick(copy.made))), opened: spread(turns.map((turn) => sinceTick(turn.opened))), ready: spread(ready) },
    waitedSeconds: spread(turns.map((turn) => (turn.opened - turn.created) / 1000)),
    heldMillis: spread(windows.flatMap(({ heldMillis }) => heldMillis ?? [])),
    cutMillis: spread(windows.flatMap(({ cutMillis }) => cutMillis ?? [])),
    overheadMillis: spread(windows.flatMap(({ overheadMillis }) => overheadMillis ?? [])),
    maxHoldMillis: Math.min(...copies.flatMap(({ object }) => (object.status?.holds ?? []).map((hold) => hold.maxHoldMillis))),
    windowsAtOnce: { allowed: atOnce, most: mostAtOnce(turns) },
    mostOvertaken: mostOvertaken(turns),
    disturbed: disturbed.map(({ key, errors, object }) => ({ key, errors: [...errors], attempts: object.status?.attempts })),
    operatorMiB: memory.end(),
    requests: { sent: added(sent, await requestsSent(memory.pod)), logged: requestsLogged(tick, end) },
  };
  recordFigures('many', figures);
  console.log(JSON.stringify(figures));
}

function spread(samples: readonly number[]): { readonly p50: number; readonly p99: number; readonly max: number } | undefined {
  return samples.length === 0 ? undefined : { p50: percentile(samples, 0.5), p99: percentile(samples, 0.99), max: Math.max(...samples) };
}
