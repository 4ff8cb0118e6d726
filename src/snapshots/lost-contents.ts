import type { Cache } from '../runtime/cache.js';
import type { Clock } from '../runtime/clock.js';
import type { ContentView } from './contents.js';
import { isMemberContent, setOfContent, type GroupIdentity } from './group-members.js';

/** How long a group is remembered that is gone: what its controller makes of it comes within seconds. */
const rememberedMillis = 3_600_000;

/** A content of a set of ours. */
export interface OwnContent {
  readonly content: ContentView;
  readonly setId: string;
}

interface KnownGroup extends GroupIdentity {
  readonly setId: string;
  readonly seenAt: number;
}

/** Groups of ours and their sets, also for a while after they are gone: contents of members that come late say of themselves only which group they are of. */
export class KnownGroups {
  readonly #groups = new Map<string, KnownGroup>();
  readonly #clock: Pick<Clock, 'monotonic'>;

  constructor(contents: Pick<Cache<ContentView>, 'subscribe'> | undefined, clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    contents?.subscribe((event) => this.#note(event.type === 'deleted' ? event.old : event.object));
  }

  /** The set of a member's content; undefined when its group is not known. */
  setOf(content: ContentView): string | undefined {
    return [...this.#groups.values()].find((group) => isMemberContent(content, group))?.setId;
  }

  /** Uids of the groups of a set. */
  uidsOf(setId: string): string[] {
    return [...this.#groups.values()].flatMap((group) => (group.setId === setId ? [group.uid] : []));
  }

  #note(content: ContentView): void {
    const setId = setOfContent(content);
    const { uid, namespace } = content.ref;
    if (setId === undefined || uid === undefined) return;
    const seenAt = this.#clock.monotonic();
    this.#groups.set(uid, { uid, namespace, setId, seenAt });
    for (const [other, group] of this.#groups) if (seenAt - group.seenAt > rememberedMillis) this.#groups.delete(other);
  }
}

/**
 * The contents that could be removed if their namespace is gone: dynamic, since one that was written by hand or by a backup tool may be meant for a namespace
 * that is still to come; not kept on purpose; and provably of a copy, by our label, by the name that we gave its snapshot, or by the uid of its group. Pure.
 */
export function removableContents(contents: readonly ContentView[], groups: Pick<KnownGroups, 'setOf'>): OwnContent[] {
  return contents.flatMap((content) => {
    const { metadata, deletionPolicy, volumeHandles } = content;
    if (metadata.deletionTimestamp !== undefined || deletionPolicy !== 'Delete' || volumeHandles.length === 0) return [];
    const setId = setOfContent(content) ?? groups.setOf(content);
    return setId === undefined ? [] : [{ content, setId }];
  });
}
