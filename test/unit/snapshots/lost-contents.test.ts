import { describe, expect, test } from '@jest/globals';
import { labels } from '../../../src/api/common.js';
import type { CacheEvent } from '../../../src/runtime/cache.js';
import type { ContentView } from '../../../src/snapshots/contents.js';
import { isMemberContent, setOfContent } from '../../../src/snapshots/group-members.js';
import { KnownGroups, removableContents } from '../../../src/snapshots/lost-contents.js';
import { content, groupContent, groupUid, memberContent, setId } from './fixtures.js';

/** What is known of groups after these events; the clock is the test's. */
function groups(...seen: readonly ContentView[]) {
  const clock = { at: 0, monotonic: () => clock.at };
  let tell: (event: CacheEvent<ContentView>) => void = () => undefined;
  const subscribe = (handler: typeof tell): (() => void) => {
    tell = handler;
    return () => undefined;
  };
  const known = new KnownGroups({ subscribe }, clock);
  const add = (object: ContentView) => tell({ type: 'added', key: object.metadata.name, object, initial: false });
  for (const object of seen) add(object);
  return { known, clock, add, remove: (old: ContentView) => tell({ type: 'deleted', key: old.metadata.name, old }) };
}

const named = (contents: readonly ContentView[], known = groups().known): string[] => removableContents(contents, known).map((own) => own.content.metadata.name);

describe('the content of a member of a group', () => {
  const group = { uid: groupUid, namespace: 'shop' };

  test('is known by the names that the snapshot-controller makes from the uid of the group and the handle of the volume', () => {
    // sha256('d6254b3d-0a93-4dcc-b346-60764ea67f99vol-1'), as external-snapshotter 8.6 does it.
    expect(isMemberContent(memberContent(), group)).toBe(true);
    expect(memberContent().metadata.name).toMatch(/^snapcontent-[0-9a-f]{64}$/);
  });

  test.each<[string, ContentView]>([
    ['another volume', memberContent('vol-1', { volumeHandles: ['vol-2'] })],
    ['another namespace', memberContent('vol-1', { ref: { ...memberContent().ref, namespace: 'other' } })],
    ['another snapshot', memberContent('vol-1', { ref: { ...memberContent().ref, name: 'snapshot-of-mine' } })],
    ['another name', memberContent('vol-1', { metadata: { name: 'snapcontent-0' } })],
    ['no volume', memberContent('vol-1', { volumeHandles: [] })],
  ])('is not one of %s', (_, other) => {
    expect(isMemberContent(other, group)).toBe(false);
  });
});

describe('the set of a content', () => {
  test('is in its label, or in the name that we gave its snapshot', () => {
    expect(setOfContent(content('a', {}, { metadata: { name: 'a', labels: { [labels.set]: 'set' } } }))).toBe('set');
    expect(setOfContent(groupContent())).toBe(setId);
    expect(setOfContent(content('a', { name: `stillpoint-${setId}-uid-of-claim` }))).toBe(setId);
  });

  test.each(['snapshot-1', 'stillpoint-mine', `my-stillpoint-${setId}-x`, `stillpoint-${setId}`, 'stillpoint-0d4c0d4c-0000-4000-8000-000000000001-x'])('is not in %s', (name) => {
    expect(setOfContent(content('a', { name }))).toBeUndefined();
  });
});

describe('contents that may be removed when their namespace is gone', () => {
  test('are those of sets: by label, by name, and by their group, also when that is gone', () => {
    const own = content('own', {}, { metadata: { name: 'own', uid: 'u', labels: { [labels.set]: setId } } });
    const { known, remove } = groups(groupContent());
    remove(groupContent());
    const found = removableContents([own, groupContent(), memberContent()], known);
    expect([known.uidsOf(setId), known.uidsOf('other')]).toEqual([[groupUid], []]);
    expect(found.map((one) => [one.content.metadata.name, one.setId])).toEqual([['own', setId], [groupContent().metadata.name, setId], [memberContent().metadata.name, setId]]);
  });

  test('a member is not known by a group that is not ours, nor after an hour', () => {
    expect(named([memberContent()], groups(groupContent({ ref: { namespace: 'shop', name: 'by-hand', uid: groupUid } })).known)).toEqual([]);
    const { known, clock, add } = groups(groupContent());
    clock.at = 3_600_001;
    add(content('another', { name: `stillpoint-${setId}-b`, uid: 'b' }));
    expect(named([memberContent()], known)).toEqual([]);
  });

  test.each<[string, Partial<ContentView>]>([
    ['that is kept on purpose', { deletionPolicy: 'Retain' }],
    ['of which the policy is not known', { deletionPolicy: '' }],
    ['that somebody wrote for a snapshot that the storage has', { volumeHandles: [] }],
    ['that is being deleted', { metadata: { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z' } }],
    ['that nothing ties to a copy', { ref: { namespace: 'shop', name: 'snapshot-1', uid: undefined } }],
  ])('none %s', (_, more) => {
    expect(named([content('a', { name: `stillpoint-${setId}-a` }, more)])).toEqual([]);
  });
});
