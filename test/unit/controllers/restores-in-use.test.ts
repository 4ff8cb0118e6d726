import { describe, expect, test } from '@jest/globals';
import type { RestoreSourceStatus, RestoreTransfer } from '../../../src/api/apprestore.js';
import type { AppRestore, AppSnapshot } from '../../../src/api/kinds.js';
import { restoresUsing, restoresWanting } from '../../../src/controllers/apprestore/in-use.js';
import type { Caches } from '../../../src/controllers/caches.js';
import { sourceKeys, targetKeys } from '../../../src/controllers/copy-keys.js';
import { connect } from '../../../src/controllers/wake-up.js';
import type { CacheEvent } from '../../../src/runtime/cache.js';
import { appRestore, appSnapshot } from './apprestore-fixtures.js';

const deleted = '2026-01-01T00:59:00Z';
const location = 's3:https://s3/copies/shop';
const inTargets = (where = location): AppSnapshot => appSnapshot({ copies: [{ target: 'other', phase: 'Pending' }, { target: 's3', phase: 'Complete', location: where, id: 'set-1' }] });

const cachesOf = (restores: readonly AppRestore[]) => ({ appRestores: { by: (_: string, key: string) => restores.filter((r) => sourceKeys(r).includes(key)) } }) as unknown as Pick<Caches, 'appRestores'>;
const names = (restores: readonly AppRestore[]): string[] => restores.map(({ metadata }) => metadata.name);
const users = (...restores: AppRestore[]): string[] => names(restoresUsing(cachesOf(restores), inTargets()));
const wanting = (...restores: AppRestore[]): string[] => names(restoresWanting(cachesOf(restores), inTargets()));

describe('snapshots in use', () => {
  const source = { appSnapshot: 's', uid: 'uid-s', setId: 'set-1', grade: 'Frozen' as const };

  test('from the plan to the end, and for as long as a deletion has not cleaned up', () => {
    expect(users(appRestore({}, { phase: 'RestoringVolumes', source }))).toEqual(['r']);
    expect(users(appRestore({}, { phase: 'Verifying', source }, { deletionTimestamp: deleted }))).toEqual(['r']);
    expect(users(appRestore({}, { phase: 'Ready', source }), appRestore({}, { phase: 'Failed', source }), appRestore({}, {}))).toEqual([]);
  });

  test('another AppSnapshot of the same name does not count', () => {
    expect(users(appRestore({}, { phase: 'Starting', source: { ...source, uid: 'older' } }))).toEqual([]);
  });

  test('wanted before it is begun', () => {
    expect(wanting(appRestore())).toEqual(['r']);
  });
});

describe('a copy in a target in use', () => {
  const from = { targetRef: { name: 's3' } };
  const source: RestoreSourceStatus = { target: 's3', location, setId: 'set-1', grade: 'Frozen' };
  const transfer: RestoreTransfer = { phase: 'Fetching', attempt: 1, location, id: 'set-1' };

  test('from when it was chosen to the end', () => {
    expect(users(appRestore({ from }, { phase: 'Fetching', transfer: { ...transfer, phase: 'Listing', id: undefined } }))).toEqual([]);
    expect(users(appRestore({ from }, { phase: 'Fetching', transfer }))).toEqual(['r']);
    expect(users(appRestore({ from }, { phase: 'RestoringVolumes', source, transfer: { ...transfer, phase: 'Fetched' } }))).toEqual(['r']);
    expect(users(appRestore({ from }, { phase: 'Ready', source }))).toEqual([]);
  });

  test('that is only named by its id is held by nobody: it was not found yet, which needs the key', () => {
    const named = appRestore({ from: { ...from, recoveryPoint: 'set-1' } }, { phase: 'Fetching', transfer: { ...transfer, phase: 'Listing', id: undefined } });
    expect([users(named), wanting(named)]).toEqual([[], []]);
  });

  test('also when its snapshots have expired, and by a restore into another namespace', () => {
    const expired = inTargets();
    const clone = appRestore({ from: { ...from, namespace: 'shop' } }, { phase: 'RestoringVolumes', source }, { namespace: 'clone' });
    expect(names(restoresUsing(cachesOf([clone]), { ...expired, status: { ...expired.status, phase: 'Expired', setId: undefined } }))).toEqual(['r']);
    expect(wanting(clone)).toEqual(['r']);
  });

  test('the same id in another bucket is another copy, and so is one on a claim of another namespace', () => {
    expect(users(appRestore({ from }, { phase: 'RestoringVolumes', source: { ...source, location: 's3:https://mine/copies/shop' } }))).toEqual([]);
    const onClaim = { ...source, location: 'pvc:backup/shop' };
    const readers = [appRestore({ from }, { phase: 'RestoringVolumes', source: onClaim }), appRestore({ from: { ...from, namespace: 'shop' } }, { phase: 'RestoringVolumes', source: onClaim }, { name: 'elsewhere', namespace: 'mine' })];
    expect(names(restoresUsing(cachesOf(readers), inTargets('pvc:backup/shop')))).toEqual(['r']);
  });

  test('its AppSnapshot and their policy are looked at when the restore has ended', () => {
    const copied = { ...inTargets(), metadata: { ...inTargets().metadata, labels: { 'stillpoint.dev/policy': 'p' } } };
    const handlers: ((event: CacheEvent<AppRestore>) => void)[] = [];
    const silent = { subscribe: () => undefined, by: () => [], get: () => undefined };
    const caches = {
      ...Object.fromEntries(['claims', 'pods', 'volumeSnapshots', 'backupTargets', 'storageClusters', 'retained'].map((name) => [name, silent])),
      appRestores: { ...silent, subscribe: (handler: (event: CacheEvent<AppRestore>) => void) => void handlers.push(handler) },
      appSnapshots: { ...silent, by: (index: string, key: string) => (index === 'copy' && targetKeys(copied).includes(key) ? [copied] : []) },
      volumePolicies: { ...silent, by: (_: string, uid: string) => (uid === 'p' ? [{ metadata: { namespace: 'shop', name: 'nightly' } }] : []) },
    } as unknown as Caches;
    const woken: string[] = [];
    const controller = (name: string) => ({ enqueue: (key: string) => woken.push(`${name} ${key}`) }) as unknown as Parameters<typeof connect>[1]['appSnapshots'];
    connect(caches, { appSnapshots: controller('asnap'), appRestores: controller('arst'), volumePolicies: controller('vpol'), backupTargets: controller('btgt'), storageClusters: controller('stc'), retained: controller('retained') });
    const [old, object] = (['Verifying', 'Ready'] as const).map((phase) => appRestore({ from }, { phase, source }));
    for (const handler of handlers) handler({ type: 'updated', key: 'shop/r', old: old!, object: object! });
    expect(woken.sort()).toEqual(['asnap shop/s', 'vpol shop/nightly']);
  });
});
