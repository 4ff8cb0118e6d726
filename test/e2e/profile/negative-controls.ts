import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { readyOf, takeCopy, untilNoSnapshots } from '../lib/copies.js';
import { clearFaults, setFaults } from '../lib/csi-faults.js';
import { recordFigures } from '../lib/figures.js';
import { apply, tryKubectl } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { appSnapshot, makeTenant } from '../lib/tenant.js';
import { watchUntil } from '../lib/watch.js';
import { mariadb, sampleOf, startServer } from './servers.js';
import { Writers } from './writers.js';

const readOnly = /^1290 /;
const maxHoldMillis = 5000;

/** Fences and profiles that must fail, for the reason that they must, and never leave the database fenced. */
export function negativeControls(): void {
  describe('a MariaDB whose copy must fail', () => {
    const namespace = 'e2e-profile-bad';
    let first = 1;

    beforeAll(async () => {
      await makeTenant(namespace);
      await startServer(mariadb, namespace);
    }, 300_000);
    afterEach(clearFaults);
    afterAll(() => dropNamespace(namespace), 60_000);

    const startWriters = (): Writers => {
      first += 4;
      return new Writers(() => mariadb.connect(namespace), first - 4);
    };
    const sample = sampleOf(mariadb, 'QuiesceProfile', namespace);
    const spec = sampleOf(mariadb, 'AppSnapshot', namespace).spec;
    const fence = sample.spec['fence'] as Readonly<Record<'engage' | 'verify' | 'release', Readonly<Record<string, unknown>>>>;
    /** The sample under another name, with something else in its spec; the AppSnapshot that names it. */
    async function profileWith(name: string, more: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
      await apply([{ ...sample, metadata: { name, namespace }, spec: { ...sample.spec, ...more } }]);
      const [application] = spec['applications'] as readonly object[];
      return { ...spec, applications: [{ ...application, profileRef: { name } }], quiesce: { attempts: 1 } };
    }

    test('a release that cannot be run: found before anything is engaged, no client notices', async () => {
      const writers = startWriters();
      await writers.untilMore(50);
      const copy = await takeCopy(namespace, 'no-release', await profileWith('no-release', { fence: { ...fence, release: { command: ['no-such-client'] } } }));
      await writers.untilWritesAgain(10);
      const history = await writers.stop();
      expect(copy.status?.phase).toBe('Failed');
      expect(readyOf(copy.status)).toMatchObject({ reason: 'HoldRefused', message: expect.stringContaining('spec.fence.release ended with 127; nothing was engaged') });
      expect(history.failures).toEqual([]);
      await untilNoSnapshots(namespace);
    }, 200_000);

    test('a verify that does not find the fence: lifted at once', async () => {
      const writers = startWriters();
      await writers.untilMore(50);
      const copy = await takeCopy(namespace, 'no-verify', await profileWith('no-verify', { fence: { ...fence, verify: { ...fence.verify, expect: '2' } } }));
      await writers.untilWritesAgain(10);
      const history = await writers.stop();
      expect(copy.status?.phase).toBe('Failed');
      expect(readyOf(copy.status)).toMatchObject({ reason: 'HoldRefused', message: expect.stringContaining('spec.fence.verify did not print what it should') });
      expect(history.failures.filter((f) => !readOnly.test(f.error))).toEqual([]);
      expect(history.longestGapMs).toBeLessThanOrEqual(maxHoldMillis + 1000);
      await untilNoSnapshots(namespace);
    }, 200_000);

    test('the holder is killed while the fence is on: its guard lifts it in time, the copy is not kept', async () => {
      setFaults({ CreateVolumeGroupSnapshot: { Before: '8s', Times: 1 } });
      const settled = watchUntil<AppSnapshot>('appsnapshots', 'killed', namespace, 'is settled', (o) => ['Ready', 'Failed'].includes(o.status?.phase ?? ''), 120);
      const intended = watchUntil<AppSnapshot>('appsnapshots', 'killed', namespace, 'is Intended', (o) => o.status?.phase === 'Intended', 100);
      const writers = startWriters();
      await writers.untilMore(50);
      await apply([appSnapshot(namespace, 'killed', { ...spec, quiesce: { attempts: 1 } })]);
      const id = (await intended).status?.holds?.[0]?.id ?? '';
      await writers.untilRefused(20);
      killHolder(id);
      await writers.untilWritesAgain(maxHoldMillis / 1000 + 10);
      const copy = await settled;
      const history = await writers.stop();
      expect(copy.status?.phase).toBe('Failed');
      expect(readyOf(copy.status)?.reason).toBe('HoldBroken');
      expect(copy.status?.grade).toBeUndefined();
      expect(history.longestGapMs).toBeLessThanOrEqual(maxHoldMillis + 1000);
      recordFigures('profile', { holderKilled: { reason: readyOf(copy.status)?.reason, longestGapMs: Math.round(history.longestGapMs) } });
      await untilNoSnapshots(namespace);
    }, 300_000);

    test('volumes that are not cut at one instant: refused before any impact', async () => {
      const copy = await takeCopy(namespace, 'skewed', { ...spec, volumeGroupSnapshotClassName: `bed-skewed`, suspend: false, quiesce: { attempts: 1 } }, 5).catch((error: unknown) => String(error));
      // It is looked at again and again: somebody may declare the class atomic.
      expect(copy).toContain('HoldNotPossible');
      expect(copy).toContain('at best Inconsistent can be reached');
      await tryKubectl(['-n', namespace, 'delete', 'asnap', 'skewed', '--wait=true']);
    }, 100_000);

    test.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
      ['a warm-up that cannot be run', { warmUp: [{ name: 'flush', command: ['no-such-client'] }] }, /QuiesceProfile wrong-0: spec\.warmUp\[0\] \(flush\) in pod mariadb-0 /],
      ['a warm-up that prints something else', { warmUp: [{ name: 'mode', command: ['echo', 'off'], expect: 'on' }] }, /QuiesceProfile wrong-1: spec\.warmUp\[0\] \(mode\) in pod mariadb-0 printed "off" instead of "on"\./],
      ['a position of two lines', { position: { command: ['printf', 'a\\nb\\n'] } }, /QuiesceProfile wrong-2: spec\.position in pod mariadb-0 did not print exactly one line\./],
    ])('%s: the message names the field of the profile', async (_what, more, says) => {
      const name = `wrong-${/wrong-(\d)/.exec(says.source)?.[1] ?? ''}`;
      await apply([appSnapshot(namespace, name, await profileWith(name, more))]);
      const failed = await watchUntil<AppSnapshot>('appsnapshots', name, namespace, 'says why', (o) => readyOf(o.status)?.reason === 'ProfileCommandFailed', 60);
      expect(readyOf(failed.status)?.message).toMatch(says);
      await tryKubectl(['-n', namespace, 'delete', 'asnap', name, '--wait=true']);
    }, 100_000);

    test('a profile that does not exist is named', async () => {
      const [application] = spec['applications'] as readonly object[];
      await apply([appSnapshot(namespace, 'nameless', { ...spec, applications: [{ ...application, profileRef: { name: 'nobody' } }] })]);
      const failed = await watchUntil<AppSnapshot>('appsnapshots', 'nameless', namespace, 'says why', (o) => readyOf(o.status)?.reason === 'ProfileNotFound', 60);
      expect(readyOf(failed.status)?.message).toContain('There is no QuiesceProfile nobody');
      await tryKubectl(['-n', namespace, 'delete', 'asnap', 'nameless', '--wait=true']);
    }, 100_000);

    test('an author who may write profiles but not exec is refused', async () => {
      const user = 'profile-author@test.stillpoint.dev';
      const rules = [{ apiGroups: ['stillpoint.dev'], resources: ['quiesceprofiles'], verbs: ['get', 'create', 'patch'] }];
      const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'profiles' };
      await apply([
        { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'profiles', namespace }, rules },
        { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name: 'profiles', namespace }, roleRef: role, subjects: [{ kind: 'User', apiGroup: role.apiGroup, name: user }] },
      ]);
      const refused = await tryKubectl(['create', '--dry-run=server', `--as=${user}`, '-f', '-'], JSON.stringify({ ...sample, metadata: { name: 'mine', namespace } }));
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toContain('stillpoint-profile');
      expect(refused.stderr).toContain(`${user} may not create pods/exec in namespace ${namespace}`);
    }, 30_000);
  });
}

/** Kills the holder, and not its guard, which has the same words but is its child. */
function killHolder(id: string): void {
  const own = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && wordsOf(pid).includes(id));
  const holder = own.find((pid) => !own.includes(parentOf(pid)));
  if (holder === undefined) throw new Error(`no holder ${id}`);
  process.kill(Number(holder), 'SIGKILL');
}

function wordsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
  } catch {
    return []; // ended meanwhile
  }
}

function parentOf(pid: string): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? '';
}
