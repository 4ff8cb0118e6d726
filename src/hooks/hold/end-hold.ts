import type { Exec } from '../../runtime/exec.js';
import type { ServiceAccountRef } from '../../runtime/service-account.js';
import { endCommand, programInput, type EndReason, type HolderPlace } from './holder-input.js';
import { parseLine, type HolderEvent } from './protocol.js';
import { quoted } from './quoted.js';

/** What is known of a hold after it was told to end. */
export type HoldEnd =
  /** It is over. `why` names who ended it first; `heldMillis` is known when this very call ended it. */
  | { readonly id: string; readonly state: 'ended'; readonly why: string; readonly heldMillis: number | undefined }
  /** Never armed there, and its id can not be armed any more. */
  | { readonly id: string; readonly state: 'absent' }
  /** No answer: it may still be holding until its own limits. */
  | { readonly id: string; readonly state: 'unknown'; readonly reason: string };

export interface EndDeps {
  readonly exec: Exec;
  /** Vantage Pod: the account that the exec runs as. */
  readonly account: ServiceAccountRef;
  /** Vantage Pod: text of the holder program. */
  readonly podProgram: string;
}

/** Longest wait for one `end`, ms. A thaw takes a few milliseconds. */
const endMillis = 5000;

/** Tells one hold to end, by an exec of its own. May be repeated. Never rejects. */
export async function endHold(place: HolderPlace, why: EndReason, deps: EndDeps): Promise<HoldEnd> {
  const target = endCommand(place, why);
  const inside = place.vantage === 'Pod' ? { as: deps.account, stdin: `${programInput(deps.podProgram)}\n` } : {};
  try {
    const { stdout, stderr, outcome } = await deps.exec.run(target, { ...inside, deadlineMillis: endMillis });
    const events = stdout.split('\n').flatMap((line) => {
      const parsed = parseLine(line, place.id);
      return parsed.kind === 'event' ? [parsed.event] : [];
    });
    return verdict(place.id, events) ?? { id: place.id, state: 'unknown', reason: `no answer (${outcome.kind}) ${quoted(stderr)}`.trim() };
  } catch (error) {
    return { id: place.id, state: 'unknown', reason: quoted(error instanceof Error ? error.message : String(error)) };
  }
}

/** Undefined when no event says that it is over. An error means that something could not be thawed or read. */
function verdict(id: string, events: readonly HolderEvent[]): HoldEnd | undefined {
  for (const event of events) {
    switch (event.kind) {
      case 'error':
        return { id, state: 'unknown', reason: `${quoted(event.message)} (${event.code})` };
      case 'released':
      case 'broken':
        return { id, state: 'ended', why: event.why, heldMillis: event.heldMicros / 1000 };
      case 'ended':
        return event.why === 'absent' ? { id, state: 'absent' } : { id, state: 'ended', why: event.why, heldMillis: undefined };
      default:
        break;
    }
  }
  return undefined;
}
