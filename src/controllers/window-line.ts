import type { Clock } from '../runtime/clock.js';
import { admit, type WindowLimits, type WindowRequest } from './window-admission.js';

/** A new leader first hears who is waiting, so that those go first who were first, and not those whom its caches brought first. */
const listenMillis = 1000;

/**
 * The line in which AppSnapshots wait for their window. Whoever waits has a place in it and nothing else: no worker, no hold, no connection. In
 * memory: there is one leader, and after a restart every AppSnapshot that has no window yet comes and asks again, with its own age.
 */
export interface WindowLine {
  readonly limits: WindowLimits;
  /** The function that ends the turn, when it is the turn of this key; undefined: it waits, and is woken when its turn has come. */
  ask(request: WindowRequest): (() => void) | undefined;
  /** It does not want a window any more. A window that is open goes on. */
  leave(key: string): void;
  /** This process leads from now on. */
  begin(): void;
  /** It has only just begun to lead: nobody has a turn yet. */
  listens(): boolean;
  count(): { readonly open: number; readonly waiting: number };
}

/** An empty line. `wake` is called with the key whose turn has come. */
export function createWindowLine(options: { limits: WindowLimits; clock: Clock; wake: (key: string) => void }): WindowLine {
  const { limits, clock, wake } = options;
  const waiting = new Map<string, WindowRequest>();
  /** Their turn has come, and they were woken. */
  const called = new Map<string, WindowRequest>();
  const open = new Map<string, WindowRequest>();
  let listening = true;

  const call = (asking?: string): void => {
    if (listening) return;
    for (const request of admit([...waiting.values()], [...called.values(), ...open.values()], limits)) {
      waiting.delete(request.key);
      called.set(request.key, request);
      if (request.key !== asking) wake(request.key);
    }
  };
  const leave = (key: string): void => {
    if (waiting.delete(key) || called.delete(key)) call();
  };
  return {
    limits,
    leave,
    ask(request) {
      const { key } = request;
      // Its pods may have moved since it was called: then it needs other shares.
      if (!sameNeeds(called.get(key), request)) {
        called.delete(key);
        waiting.set(key, request);
        call(key);
      }
      if (!called.delete(key)) return undefined;
      open.set(key, request);
      return () => {
        if (open.delete(key)) call();
      };
    },
    begin: () => {
      clock.after(listenMillis, () => {
        listening = false;
        call();
      });
    },
    listens: () => listening,
    count: () => ({ open: open.size, waiting: waiting.size + called.size }),
  };
}

function sameNeeds(a: WindowRequest | undefined, b: WindowRequest): boolean {
  const text = ({ drivers, nodes }: WindowRequest): string => JSON.stringify([[...drivers].sort(), [...nodes].sort()]);
  return a !== undefined && text(a) === text(b);
}
