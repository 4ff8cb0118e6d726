import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import type { NumberedIndex } from '../../apps/elasticsearch/client.js';
import { isGood, type Window } from '../../apps/postgresql/check.js';
import { Writers } from '../profile/writers.js';
import { compare, counts, wallToMonotonic } from '../lib/compare.js';
import { describe as describeObject, restoreCopy, takeCopy } from '../lib/copies.js';
import { clientOf, index, name, namespace, nodes, ofRepository, rowClient, shards } from '../lib/elasticsearch.js';
import { recordFigures } from '../lib/figures.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant } from '../lib/tenant.js';
import { refused } from './refusals.js';

const mode = { applications: [{ name, kind: 'Elasticsearch', mode: 'Repository' }] };
const onRepository = { ...mode, selector: { matchLabels: ofRepository } };
/** One shard stops at one moment: what is in the copy is a beginning of what each writer wrote. */
const busy = 'busy';

interface Snapshots {
  readonly snapshots: readonly { readonly snapshot: string }[];
}

/** The server's own snapshot under load, its repository cut, and restored into a cluster that begins on empty volumes. */
export function repositoryMode(): void {
  describe('mode Repository', () => {
    const target = `${namespace}-anew`;
    const request = async (where: string, method: string, path: string, body?: unknown): Promise<unknown> => (await clientOf(where)).request(method, path, body);

    beforeAll(async () => {
      await makeTenant(target);
    }, 60_000);
    afterAll(() => dropNamespace(target), 60_000);

    test('is refused without a repository, with a readonly one, and with data in the copy', async () => {
      expect(await refused('bare', onRepository, 'RepositoryNotUsable')).toContain(`No snapshot repository is registered in the cluster of ${name}`);
      await request(namespace, 'PUT', '/_snapshot/old?verify=false', { type: 'fs', settings: { location: '/repository/old', readonly: true } });
      expect(await refused('readonly', onRepository, 'RepositoryNotUsable')).toContain('repository old is registered as readonly');
      await request(namespace, 'PUT', '/_snapshot/backup', { type: 'fs', settings: { location: 'backup' } });
      expect(await refused('data', mode, 'HoldNotPossible')).toContain(`while the claims of its data are in the copy (data-${name}-0, data-${name}-1, data-${name}-2)`);
    }, 300_000);

    test('is Quiesced and supported by the vendor, and its restore is a new cluster with everything that was promised', async () => {
      await request(namespace, 'PUT', '/_snapshot/backup/mine?wait_for_completion=true', { indices: 'tokens' });
      const documents = await (await clientOf(namespace)).createIndex(busy, { shards: 1, replicas: 1 });
      const writers = new Writers(() => Promise.resolve(rowClient(documents)), 1);
      await writers.untilMore(100, 300);
      const copy = await takeCopy(namespace, 'repository', { ...onRepository, consistency: { required: 'Quiesced' } }, 180);
      await writers.untilMore(50, 300);
      const history = await writers.stop();
      if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, 'repository'));
      expectStatus(copy);
      expect(history.failures).toEqual([]);
      // Ours is gone from the live repository, that of somebody else is not.
      const left = (await request(namespace, 'GET', '/_snapshot/backup/_all')) as Snapshots;
      expect(left.snapshots.map((s) => s.snapshot)).toEqual(['mine']);

      const restore = await restoreCopy(namespace, 'repository', 'repository', { into: { namespace: target, serviceAccountName: 'stillpoint' }, verify: { timeout: '10m' } }, 900);
      if (restore.status?.phase !== 'Ready') throw new Error(await describeObject('apprestore', namespace, 'repository'));
      const checks = restore.status.applications?.flatMap((a) => a.checks ?? []) ?? [];
      expect(checks.map((c) => `${c.outcome} ${c.name}`)).toEqual([
        'Passed the cluster is green',
        'Passed a cluster of its own',
        'Passed the restored nodes are one cluster, and alone',
        'Passed no dangling indices',
        'Passed every index of the snapshot is there',
        'Passed primaries and replicas agree',
        'Passed nothing before the snapshot is missing',
        'Passed as many documents as in the snapshot',
      ]);
      expect(restore.status).toMatchObject({ verified: true, checksFailed: 0 });

      const result = compare(history, windowOfSnapshot(copy), await (await restored(busy, 1)).documents());
      const { cutMillis } = copy.status.window ?? {};
      recordFigures('elasticsearch', { repository: { grade: copy.status.grade, cutMillis, longestGapMs: Math.round(history.longestGapMs), rtoSeconds: restore.status.rtoSeconds, ...counts(result) } });
      expect({ ...counts(result), acknowledgedBeforeCut: 0 }).toEqual({ acknowledgedBeforeCut: 0, lost: 0, extra: 0, duplicates: 0, gaps: 0, unknown: 0 });
      expect(isGood(result)).toBe(true);
      // Nobody writes to this one any more.
      const [original, clone] = await Promise.all([(await clientOf(namespace)).openIndex(index, shards), restored(index, shards)]);
      expect(await numbers(clone)).toEqual(await numbers(original));
      await expect(request(target, 'PUT', `/_snapshot/stillpoint-${copy.status.setId ?? ''}/another?wait_for_completion=true`, {})).rejects.toThrow(/readonly|read-only/);
    }, 1_500_000);

    const restored = async (which: string, of: number): Promise<NumberedIndex> => (await clientOf(target)).openIndex(which, of);
  });
}

async function numbers(documents: NumberedIndex): Promise<string[]> {
  return (await documents.documents()).map(({ writer, n }) => `${writer}-${n}`).sort();
}

function expectStatus(copy: AppSnapshot): void {
  expect(copy.status).toMatchObject({ grade: 'Quiesced', membersReady: '1/1', members: [{ claim: `${name}-repository`, application: name }] });
  expect(copy.status?.window?.heldMillis).toBeUndefined();
  const [application] = copy.status?.applications ?? [];
  expect(application).toMatchObject({ mechanism: 'Repository', grade: 'Quiesced', caps: [expect.stringContaining('was not held')] });
  expect(application?.members).toHaveLength(nodes);
  expect(application?.facts).toMatchObject({ vendorSupported: 'true', repository: 'backup', repositoryLocation: '/repository/backup', repositoryClaim: `${name}-repository`, snapshot: `stillpoint-${copy.status?.setId ?? ''}` });
  expect(application?.positions).toMatchObject({ snapshotUuid: expect.any(String), liveSnapshot: 'removed', 'documents.0': expect.stringMatching(/^ledger=\d+ tokens=\d+$/) });
}

/**
 * Until its begin everything acknowledged must be in the snapshot, nothing sent after its end may be. Server and writers share one machine, but the server reads a clock that
 * it sets every 200 ms: its times may be that old.
 */
function windowOfSnapshot(copy: AppSnapshot): Window {
  const [begin = '', end = ''] = copy.status?.applications?.[0]?.positions?.['snapshotTaken']?.split(' ') ?? [];
  const shift = wallToMonotonic();
  return { heldAt: Date.parse(begin) + shift - 1, releasedAt: Date.parse(end) + shift + 250 };
}
