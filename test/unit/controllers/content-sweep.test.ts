import { describe, expect, test } from '@jest/globals';
import { labels } from '../../../src/api/common.js';
import { sweepContents } from '../../../src/controllers/appsnapshot/content-sweep.js';
import type { OperatorDeps } from '../../../src/controllers/deps.js';
import { ApiError } from '../../../src/runtime/api-error.js';
import type { ResourceType } from '../../../src/runtime/resource.js';
import { groupTypes } from '../../../src/snapshots/capability.js';
import type { ContentView } from '../../../src/snapshots/contents.js';
import { content, groupContent, setId } from '../snapshots/fixtures.js';

const single = (name: string, namespace: string): ContentView => content(name, { namespace, name: `stillpoint-${setId}-${name}` });
const notFound = new ApiError({ code: 404, reason: 'NotFound', message: 'none' });

/** A cluster with these namespaces and contents; deletions of contents may fail. */
function world(there: { namespaces: string[]; copies?: readonly string[]; singles: ContentView[]; groups?: ContentView[]; failing?: readonly string[] }) {
  const { namespaces, copies = [], singles, groups = [], failing = [] } = there;
  const done: string[] = [];
  const asked: string[] = [];
  const deps = {
    client: {
      get: (_: ResourceType, { name }: { name: string }) => {
        asked.push(name);
        return namespaces.includes(name) ? Promise.resolve({ metadata: { name } }) : Promise.reject(notFound);
      },
      mergePatch: (_: ResourceType, { name }: { name: string }, { metadata }: { metadata: { labels?: object } }) => {
        done.push(`${metadata.labels === undefined ? 'let go' : 'label'} ${name}`);
        return Promise.resolve({});
      },
      delete: ({ plural }: ResourceType, { name }: { name: string }) => {
        if (failing.includes(name)) return Promise.reject(new ApiError({ code: 500, reason: 'InternalError', message: 'no' }));
        done.push(`delete ${plural}/${name}`);
        return Promise.resolve();
      },
    },
    caches: {
      appSnapshots: { list: (namespace: string) => copies.filter((name) => name === namespace) },
      snapshotContents: { list: () => singles },
      groupSnapshotContents: { list: () => groups },
    },
    group: groupTypes('v1'),
    knownGroups: { setOf: () => undefined },
    log: { info: () => undefined, warn: (message: string, { content: name }: { content: string }) => done.push(`${message}: ${name}`) },
  } as unknown as OperatorDeps;
  return { done, asked, pass: sweepContents(deps) };
}

describe('contents that outlived their namespace', () => {
  test('are marked when it is seen to be gone, and removed when it still is, single ones and those of groups', async () => {
    const { done, pass } = world({ namespaces: ['shop'], singles: [single('lost', 'gone'), single('kept', 'shop')], groups: [groupContent({ ref: { ...groupContent().ref, namespace: 'gone' } })] });
    await pass();
    expect(done).toEqual(['label lost']);
    expect(await pass()).toEqual({ kind: 'later', seconds: 60 });
    const name = groupContent().metadata.name;
    expect(done.slice(1)).toEqual(['label lost', 'let go lost', 'delete volumesnapshotcontents/lost', `let go ${name}`, `delete volumegroupsnapshotcontents/${name}`]);
  });

  test('stay when the namespace has come meanwhile', async () => {
    const namespaces: string[] = [];
    const { done, pass } = world({ namespaces, singles: [single('early', 'soon')] });
    await pass();
    namespaces.push('soon');
    await pass();
    namespaces.pop();
    await pass();
    expect(done).toEqual(['label early', 'label early']);
  });

  test('a namespace with copies is not asked for', async () => {
    const { asked, pass } = world({ namespaces: ['shop'], copies: ['shop'], singles: [single('a', 'shop'), single('b', 'other')] });
    await pass();
    expect(asked).toEqual(['other']);
  });

  test('one that cannot be removed keeps no other from going', async () => {
    const own = (name: string): ContentView => ({ ...single(name, 'gone'), metadata: { name, uid: name, labels: { [labels.set]: setId } } });
    const { done, pass } = world({ namespaces: [], singles: [own('a'), own('b')], failing: ['a'] });
    await pass();
    await pass();
    expect(done).toEqual(['let go a', 'a content whose namespace is gone is not removed yet: a', 'let go b', 'delete volumesnapshotcontents/b']);
  });
});
