import { isNotFound } from '../runtime/api-error.js';
import type { Client } from '../runtime/client.js';
import type { GroupTypes } from './capability.js';
import type { ObjectKey } from '../runtime/object.js';
import { volumeSnapshotContents, volumeSnapshots, type ResourceType } from '../runtime/resource.js';
import type { ContentView } from './contents.js';
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

interface Waiting {
  readonly type: ResourceType;
  readonly key: ObjectKey;
  readonly annotation: string | undefined;
}

/**
 * What nobody may look at again by itself: group contents that are cut but not ready, then member contents, then members whose content is
 * ready already (seen once on a busy cluster: for more than 90 s nothing happened). One stage at a time: each follows from the one before.
 */
function stuck(group: GroupTypes, namespace: string, observed: ObservedSet): Waiting[] {
  const contents = observed.groups.flatMap(({ content }) => (content?.cut === true && !content.ready ? [toWaiting(group.contents, content)] : []));
  if (contents.length > 0) return contents;
  return observed.snapshots.flatMap((snapshot): Waiting[] => {
    const { content } = snapshot;
    if (content?.cut !== true || snapshot.deleting) return [];
    if (!content.ready) return [toWaiting(volumeSnapshotContents, content)];
    return snapshot.ready ? [] : [{ type: volumeSnapshots, key: { namespace, name: snapshot.name }, annotation: snapshot.poked }];
  });
}

function toWaiting(type: ResourceType, { metadata }: ContentView): Waiting {
  return { type, key: { name: metadata.name }, annotation: metadata.annotations?.[pokedAnnotation] };
}

/** Touches what of a set is cut but not ready, when it is due. Resolves with the ms after which to call again; undefined when nothing waits. */
export async function pokeSet(client: Client, group: GroupTypes | undefined, namespace: string, observed: ObservedSet, now: number): Promise<number | undefined> {
  if (group === undefined) return undefined;
  const waits: number[] = [];
  for (const { type, key, annotation } of stuck(group, namespace, observed)) {
    const decision = decidePoke(annotation, now);
    waits.push(decision.againMillis);
    if (!decision.due) continue;
    try {
      await client.mergePatch(type, key, { metadata: { annotations: { [pokedAnnotation]: decision.value } } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return waits.length === 0 ? undefined : Math.min(...waits);
}
