import { namespaces } from '../../runtime/resource.js';
import type { Outcome } from '../../runtime/outcome.js';
import { removableContents, type OwnContent } from '../../snapshots/lost-contents.js';
import { getOrUndefined } from '../../runtime/get-or-undefined.js';
import { markContent, removeOrphan } from '../../snapshots/remove-set.js';
import { inParallel } from '../../runtime/in-parallel.js';
import type { OperatorDeps } from '../deps.js';

/** The only key of this controller. */
export const contentSweepKey = 'contents';
const sweepSeconds = 60;

type SweepDeps = Pick<OperatorDeps, 'client' | 'caches' | 'group' | 'knownGroups' | 'log'>;

/**
 * Removes contents of copies whose namespace is gone. A copy goes before its namespace does, with all that is of it; but finalizers can be taken off by force, and
 * the snapshot-controller can be late. A namespace counts as gone when it was so in two passes: its contents may be written before it.
 */
export function sweepContents(deps: SweepDeps): () => Promise<Outcome> {
  let before: ReadonlySet<string> = new Set();
  return async () => {
    const ofGroups = new Set(deps.caches.groupSnapshotContents?.list());
    const own = removableContents([...deps.caches.snapshotContents.list(), ...ofGroups], deps.knownGroups);
    const gone = await goneNamespaces(own, deps);
    const lost = own.filter(({ content }) => gone.has(content.ref.namespace));
    for (const one of lost) await sweepOrSay(one, { ofGroup: ofGroups.has(one.content), again: before.has(one.content.metadata.uid ?? '') }, deps);
    before = new Set(lost.flatMap(({ content }) => content.metadata.uid ?? []));
    return { kind: 'later', seconds: sweepSeconds };
  };
}

/** Asked of the API server itself; one in which there are copies is there. */
async function goneNamespaces(own: readonly OwnContent[], { client, caches }: SweepDeps): Promise<ReadonlySet<string>> {
  const names = [...new Set(own.map(({ content }) => content.ref.namespace))].filter((name) => name !== '' && caches.appSnapshots.list(name).length === 0);
  const found = await inParallel(names, (name) => getOrUndefined(client, namespaces, { name }));
  return new Set(names.filter((_, i) => found[i] === undefined));
}

/** What goes wrong with one keeps no other from being removed. */
async function sweepOrSay({ content, setId }: OwnContent, { ofGroup, again }: { readonly ofGroup: boolean; readonly again: boolean }, { client, group, log }: SweepDeps): Promise<void> {
  const { name } = content.metadata;
  try {
    // By its label whoever leads next knows it as well.
    if (!ofGroup) await markContent(client, content, setId);
    if (!again) return;
    log.info('removing a content whose namespace is gone', { content: name, namespace: content.ref.namespace, setId });
    await removeOrphan(client, content, ofGroup ? group : undefined);
  } catch (error) {
    log.warn('a content whose namespace is gone is not removed yet', { content: name, error });
  }
}
