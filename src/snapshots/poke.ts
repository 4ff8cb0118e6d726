import { isNotFound } from '../runtime/api-error.js';
import type { Client } from '../runtime/client.js';
import type { GroupTypes } from './capability.js';
import { pokedAnnotation } from './names.js';
import type { ObservedSet } from './observe-set.js';

const firstMillis = 5_000;
const longestMillis = 300_000;

/** Whether a touch is due, the annotation to write then, and in any case when to look again. */
export interface PokeDecision {
  readonly due: boolean;
  readonly value: string;
  readonly againMillis: number;
}

/**
 * csi-snapshotter up to 8.6.0 never looks again at a group that was cut but not ready, only at its resync after
 * 15 minutes (notes, 5). Any change of the content's metadata makes it look. The annotation holds `<count>/<time>`,
 * so that the growing delay (5 s doubling to 5 min) outlives us. `now` in ms since the epoch.
 */
export function decidePoke(annotation: string | undefined, now: number): PokeDecision {
  const [countText = '', timeText = ''] = (annotation ?? '').split('/');
  const count = Number.parseInt(countText, 10);
  const last = Date.parse(timeText);
  const known = Number.isInteger(count) && count >= 0 && count < 64 && Number.isFinite(last) && last <= now;
  const delay = Math.min(firstMillis * 2 ** (known ? count : 0), longestMillis);
  const due = !known || now - last >= delay;
  const next = known ? count + 1 : 0;
  return {
    due,
    value: `${next}/${new Date(now).toISOString()}`,
    againMillis: due ? Math.min(firstMillis * 2 ** next, longestMillis) : last + delay - now,
  };
}

/** Touches each group content that is cut but not ready, when it is due. Resolves with the ms after which to call again; undefined when nothing waits. */
export async function pokeGroups(client: Client, group: GroupTypes | undefined, observed: ObservedSet, now: number): Promise<number | undefined> {
  if (group === undefined) return undefined;
  const waits: number[] = [];
  for (const { content } of observed.groups) {
    if (content?.cut !== true || content.ready || content.metadata.deletionTimestamp !== undefined) continue;
    const decision = decidePoke(content.metadata.annotations?.[pokedAnnotation], now);
    waits.push(decision.againMillis);
    if (!decision.due) continue;
    try {
      await client.mergePatch(group.contents, { name: content.metadata.name }, { metadata: { annotations: { [pokedAnnotation]: decision.value } } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return waits.length === 0 ? undefined : Math.min(...waits);
}
