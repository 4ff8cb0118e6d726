import type { Moment } from '../../faults/moments.js';
import type { LoggedRequest } from '../../faults/proxy.js';

/** From the first impact of a window to its last release, on the clock of the proxy, ms. */
interface Held {
  readonly from: number;
  readonly until: number;
}

const impacts: readonly string[] = ['gate sent', 'freeze sent'];

/** The windows that ended by a release; one that was lost on the way has none, and is left out. Pure. */
export function heldBetween(moments: readonly Moment[]): Held[] {
  const found: Held[] = [];
  let from: number | undefined;
  let until: number | undefined;
  const close = (): void => {
    if (from !== undefined && until !== undefined) found.push({ from, until });
    [from, until] = [undefined, undefined];
  };
  for (const { name, when, at } of moments) {
    // The next window begins with its streams.
    if (name === 'exec upgrade') close();
    if (impacts.includes(name)) from ??= at;
    if (name === 'released seen' && when === 'before') until = at;
  }
  close();
  return found;
}

/** A holder, or what ends one. */
const ofHolds = /[?&]command=(hold|fence|end)(&|$)/;

/** Programs that were asked for while something was held, other than holders: what they ask would not answer, and what they start would take the time of the hold. Pure. */
export function execsWhileHeld(held: readonly Held[], requests: readonly LoggedRequest[]): string[] {
  const execs = requests.filter(({ path }) => /\/exec\?/.test(path) && !ofHolds.test(path));
  return execs.filter(({ at }) => held.some(({ from, until }) => from <= at && at <= until)).map(({ path }) => path.slice(0, 300));
}
