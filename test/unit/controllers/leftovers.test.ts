import { describe, expect, test } from '@jest/globals';
import type { ApplicationStatus } from '../../../src/api/appsnapshot.js';
import { fail } from '../../../src/api/errors.js';
import { removeLeftovers } from '../../../src/controllers/appsnapshot/leftovers.js';
import type { SnapshotWriter } from '../../../src/controllers/appsnapshot/steps.js';
import type { OperatorDeps } from '../../../src/controllers/deps.js';
import type { Leftover } from '../../../src/hooks/adapter.js';
import { pod, container } from '../hooks/namespaces.js';
import { appSnapshot } from './apprestore-fixtures.js';

const copied: ApplicationStatus = {
  name: 'search',
  kind: 'Elasticsearch',
  mechanism: 'Repository',
  members: [{ pod: 'es-0', role: 'master-data', container: 'elasticsearch' }],
  facts: { repository: 'backup' },
  positions: { snapshotUuid: 'u' },
};

/** An operator whose adapter answers as it is told, and what it was asked and said. */
function world(answer: () => Promise<Record<string, string>>, { pods = ['es-0'], waited = 0 } = {}) {
  const asked: { readonly mode: string; readonly pods: readonly string[]; readonly left: Leftover }[] = [];
  const events: string[] = [];
  const adapter = {
    forget: (app: { mode: string; pods: readonly string[] }, left: Leftover) => {
      asked.push({ mode: app.mode, pods: app.pods, left });
      return answer();
    },
  };
  const deps = {
    adapters: { Elasticsearch: adapter, PostgreSQL: {} },
    caches: { pods: { list: () => pods.map((name) => pod(name, { containers: [container('elasticsearch', 'elasticsearch:8')] })) }, claims: { list: () => [] } },
    patience: { waited: () => waited },
    events: { record: ({ reason, note }: { reason: string; note: string }) => events.push(`${reason}: ${note}`) },
    log: { warn: () => undefined },
  } as unknown as OperatorDeps;
  const object = { ...appSnapshot({ applications: [copied] }), spec: { serviceAccountName: 'stillpoint' } };
  const remove = (application = copied) => removeLeftovers({ object } as unknown as SnapshotWriter, deps, [application], new AbortController().signal);
  return { asked, events, remove };
}

const refuses = () => Promise.reject(fail('ApplicationNotReady', 'Nobody answers.'));

describe('what an online method has left on its server', () => {
  test('is removed for all attempts of the copy, and status keeps what the adapter says of it', async () => {
    const { asked, remove } = world(() => Promise.resolve({ liveSnapshot: 'removed' }));
    expect(await remove()).toEqual({ applications: [{ ...copied, positions: { snapshotUuid: 'u', liveSnapshot: 'removed' } }], waiting: undefined });
    expect(asked).toEqual([{ mode: 'Repository', pods: ['es-0'], left: { facts: copied.facts, positions: copied.positions, copyId: 'uid-s' } }]);
  });

  test('is waited for while the server does not answer, for a minute', async () => {
    const first = world(refuses);
    expect(await first.remove()).toEqual({ applications: [copied], waiting: 'search: Nobody answers.' });
    expect(first.events).toEqual([]);
    const later = world(refuses, { waited: 61_000 });
    expect(await later.remove()).toEqual({ applications: [copied], waiting: undefined });
    expect(later.events).toEqual(['LeftInRepository: What the copy of search left on its server could not be removed: Nobody answers.']);
  });

  test.each<[string, ApplicationStatus, string[]]>([
    ['a copy under a hold', { ...copied, mechanism: 'Freezer' }, ['es-0']],
    ['a method that guards itself', { ...copied, kind: 'PostgreSQL', mechanism: 'BackupAPI' }, ['es-0']],
    ['a server without pods', copied, []],
  ])('%s: nobody is asked', async (_, application, pods) => {
    const { asked, remove } = world(refuses, { pods });
    expect(await remove(application)).toEqual({ applications: [application], waiting: undefined });
    expect(asked).toEqual([]);
  });

  test('an error that nobody foresaw is not swallowed', async () => {
    await expect(world(() => Promise.reject(new TypeError('bug'))).remove()).rejects.toThrow('bug');
  });
});
