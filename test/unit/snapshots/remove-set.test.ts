import { describe, expect, test } from '@jest/globals';
import { labels } from '../../../src/api/common.js';
import type { Client } from '../../../src/runtime/client.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import type { ResourceType } from '../../../src/runtime/resource.js';
import { groupTypes } from '../../../src/snapshots/capability.js';
import type { ContentCaches, ContentView } from '../../../src/snapshots/contents.js';
import { removeSet } from '../../../src/snapshots/remove-set.js';
import { groupContent, groupUid, memberContent, setId } from './fixtures.js';

interface Found {
  readonly groups?: readonly KubeObject[];
  readonly snapshots?: readonly KubeObject[];
  readonly singles?: readonly ContentView[];
  readonly groupContents?: readonly ContentView[];
  /** Uids of groups that were there. */
  readonly gone?: readonly string[];
}

const group: KubeObject = { metadata: { name: `stillpoint-${setId}-csi.example.com`, namespace: 'shop', uid: groupUid, labels: { [labels.set]: setId } } };
const marked = (content: ContentView): ContentView => ({ ...content, metadata: { ...content.metadata, labels: { [labels.set]: setId } } });

/** Removes a set of which this is there; what remains, and what was written. */
async function remove({ groups = [], snapshots = [], singles = [], groupContents = [], gone = [] }: Found) {
  const writes: string[] = [];
  const client = {
    list: ({ plural }: ResourceType) => Promise.resolve({ items: plural === 'volumegroupsnapshots' ? groups : snapshots }),
    mergePatch: (_: ResourceType, { name }: { name: string }, patch: { metadata: { labels?: object; annotations?: object } }) => {
      writes.push(`${patch.metadata.annotations === undefined ? 'label' : 'let go'} ${name}`);
      return Promise.resolve({});
    },
    delete: (_: ResourceType, { name }: { name: string }) => {
      writes.push(`delete ${name}`);
      return Promise.resolve();
    },
  } as unknown as Client;
  const contents = { singles: { list: () => singles }, groups: { list: () => groupContents }, known: { uidsOf: () => gone } } as unknown as ContentCaches;
  const remaining = await removeSet(client, groupTypes('v1'), contents, { namespace: 'shop', setId });
  return { remaining, writes };
}

const member = memberContent();

describe('the removal of a set', () => {
  test('waits for the content of a member whose snapshot is not there, knows it by the group, and marks it', async () => {
    for (const there of [{ groups: [group] }, { groupContents: [groupContent()] }]) {
      const { remaining, writes } = await remove({ ...there, singles: [member] });
      expect(remaining).toContain(`VolumeSnapshotContent ${member.metadata.name}`);
      expect(writes).toContain(`label ${member.metadata.name}`);
    }
  });

  test('leaves it alone while the group is there: its snapshot may still come', async () => {
    const { writes } = await remove({ groups: [group], singles: [marked(member)] });
    expect(writes).toEqual([`delete ${group.metadata.name}`]);
  });

  test('knows it by a group that is gone already', async () => {
    expect((await remove({ gone: [groupUid], singles: [member] })).writes).toEqual([`label ${member.metadata.name}`, `let go ${member.metadata.name}`, `delete ${member.metadata.name}`]);
  });

  test('removes it when the group is gone', async () => {
    const { remaining, writes } = await remove({ singles: [marked(member)] });
    expect(remaining).toEqual([`VolumeSnapshotContent ${member.metadata.name}`]);
    expect(writes).toEqual([`let go ${member.metadata.name}`, `delete ${member.metadata.name}`]);
  });

  test('does not touch it when its snapshot is there, nor what a class keeps, nor what is of another group', async () => {
    const snapshot: KubeObject = { metadata: { name: member.ref.name, namespace: 'shop', uid: 's' } };
    expect((await remove({ snapshots: [snapshot], singles: [marked(member)] })).writes).toEqual([]);
    expect(await remove({ singles: [marked({ ...member, deletionPolicy: 'Retain' })] })).toEqual({ remaining: [], writes: [] });
    expect(await remove({ singles: [member] })).toEqual({ remaining: [], writes: [] });
  });
});
