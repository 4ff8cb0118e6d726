import { describe, expect, test } from '@jest/globals';
import { restoreSet } from '../../../src/controllers/apprestore/restore-set.js';
import { sentence, unprovenOf } from '../../../src/controllers/apprestore/finish.js';
import { isElsewhere, isMoved, sourceNamespace, targetAccount } from '../../../src/controllers/apprestore/steps.js';
import { summarize } from '../../../src/controllers/apprestore/check-summary.js';
import { objectId } from '../../../src/manifests/captured.js';
import { dropAt } from '../../../src/manifests/json.js';
import { appCopy, appRestore, capture } from './apprestore-fixtures.js';

const moved = { into: { namespace: 'copy', serviceAccountName: 'tenant' } };

describe('what a restore makes', () => {
  test('claims from the copy, workloads at rest, what runs by itself at the gate', () => {
    const set = restoreSet(appRestore(), appCopy(), capture());
    expect(set.claims.map((c) => [c.captured.object.metadata.name, c.captured.filled, c.volume.content])).toEqual(
      ['data-pg-0', 'wal-pg-0'].map((claim) => [claim, true, { kind: 'snapshot', snapshot: `snap-${claim}`, driver: 'a.csi' }]),
    );
    expect(set.configuration.map(objectId)).toEqual(['configmaps/conf', 'statefulsets.apps/pg', 'cronjobs.batch/tick']);
    expect(set.configuration.map((o) => (o.object['spec'] as { replicas?: number } | undefined)?.replicas)).toEqual([undefined, 0, undefined]);
    expect(set.scaled).toEqual([{ resource: 'statefulsets.apps', name: 'pg', replicas: 1 }]);
    expect(set.gate.map(objectId).sort()).toEqual(['cronjobs.batch/tick', 'horizontalpodautoscalers.autoscaling/scale']);
  });

  test('in a drill the database and what it needs; nothing that acts by itself, nothing in the network of its node', () => {
    const copy = capture();
    const onNode = restoreSet(appRestore(moved), appCopy(), copy, true);
    expect(onNode.configuration.map(objectId)).toEqual(['configmaps/conf']);
    expect(onNode.never).toContainEqual(expect.stringMatching(/^statefulsets\.apps\/pg: not in a drill: .*hostNetwork/));
    const objects = copy.objects.map((captured) => ({ ...captured, object: dropAt(captured.object, ['spec', 'template', 'spec', 'hostNetwork']) }));
    const set = restoreSet(appRestore(moved), appCopy(), { ...copy, objects }, true);
    expect(set.configuration.map(objectId)).toEqual(['configmaps/conf', 'statefulsets.apps/pg']);
    expect(set.scaled).toEqual([{ resource: 'statefulsets.apps', name: 'pg', replicas: 1 }]);
    expect(set.gate).toEqual([]);
    expect(set.claims).toHaveLength(2);
    expect([onNode.unproven, set.unproven]).toEqual([[expect.stringContaining('hostNetwork')], []]);
    const made = copy.objects.filter(({ type }) => type.kind !== 'StatefulSet');
    expect(restoreSet(appRestore(moved), appCopy(), { ...copy, objects: made }, true).unproven).toEqual(['data-pg-0', 'wal-pg-0'].map((claim) => `claim ${claim}: nothing in a drill makes its pods (pg-0)`));
    // Without its database there is nothing to look at.
    expect(restoreSet(appRestore(moved), appCopy({ applications: [], members: [] }), { ...copy, objects }, true).scaled).toEqual([]);
  });

  test('a claim is filled from its snapshot, at least as large, with the rewritten class', () => {
    const [first] = restoreSet(appRestore({ rewrite: { storageClasses: { fast: 'slow' } } }), appCopy(), capture()).claims;
    expect(first?.captured.object['spec']).toEqual({
      storageClassName: 'slow',
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '2Gi' } },
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'snap-data-pg-0' },
    });
  });

  test('in another namespace the claim names the imported snapshot', () => {
    const [first] = restoreSet(appRestore(moved), appCopy(), capture()).claims;
    expect(first?.captured.object.metadata.namespace).toBe('copy');
    expect((first?.captured.object['spec'] as { dataSource: { name: string } }).dataSource.name).toBe('stillpoint-f00dfeed-0000-4000-8000-000000000000-uid-data-pg-0');
  });

  test('from a BackupTarget the claim is made empty, as large as the volume was', () => {
    const copy = { ...appCopy(), volumes: appCopy().volumes.map((volume) => ({ ...volume, content: { kind: 'repository' as const, snapshotId: 'i', tree: 't', bytes: 1, runAs: undefined } })) };
    const [first] = restoreSet(appRestore({ from: { targetRef: { name: 's3' } } }), copy, capture()).claims;
    expect(first?.captured).toMatchObject({ filled: true, object: { spec: { storageClassName: 'fast', resources: { requests: { storage: '2Gi' } } } } });
    expect(first?.captured.object['spec']).not.toHaveProperty('dataSource');
  });

  test('another namespace than the one that was copied: its names are rewritten, wherever the restore lies', () => {
    const object = appRestore({ from: { targetRef: { name: 's3' }, namespace: 'origin' } });
    expect([sourceNamespace(object), isMoved(object, { namespace: sourceNamespace(object) }), isElsewhere(object)]).toEqual(['origin', true, false]);
    expect(targetAccount(object)).toEqual({ namespace: 'shop', name: 'stillpoint' });
  });

  test('Volumes: nothing else, also without saved configuration', () => {
    const set = restoreSet(appRestore({ what: 'Volumes' }), appCopy(), undefined);
    expect(set.claims.map((c) => c.captured.object['spec'])).toEqual(
      ['data-pg-0', 'wal-pg-0'].map((claim) => ({
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '2Gi' } },
        dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: `snap-${claim}` },
      })),
    );
    expect([...set.configuration, ...set.gate, ...set.scaled]).toEqual([]);
  });

  test('Configuration: no claim with data, and nothing that runs is stopped', () => {
    const set = restoreSet(appRestore({ what: 'Configuration' }), appCopy(), capture());
    expect([...set.claims, ...set.gate]).toEqual([]);
    expect(set.configuration.map(objectId).sort()).toEqual(['configmaps/conf', 'cronjobs.batch/tick', 'horizontalpodautoscalers.autoscaling/scale', 'statefulsets.apps/pg']);
    expect(set.configuration.map((o) => o.object['spec'])).toContainEqual(expect.objectContaining({ replicas: 1 }));
    expect(set.configuration.map((o) => o.object['spec'])).toContainEqual(expect.objectContaining({ suspend: false }));
  });
});

test('the account of another namespace has to be named', () => {
  expect(targetAccount(appRestore())).toEqual({ namespace: 'shop', name: 'stillpoint' });
  expect(targetAccount(appRestore(moved))).toEqual({ namespace: 'copy', name: 'tenant' });
  expect(() => targetAccount(appRestore({ into: { namespace: 'copy' } }))).toThrow(/spec\.into\.serviceAccountName/);
});

describe('checks', () => {
  const check = (outcome: 'Passed' | 'Failed' | 'Skipped' | 'Unknown', name = outcome) => ({ name, outcome, message: 'why.' });

  test('verified needs something passed, nothing failed and nothing unknown; skipped counts as neither', () => {
    expect(summarize([check('Passed'), check('Skipped')]).verified).toBe(true);
    expect(summarize([check('Passed'), check('Unknown')]).verified).toBe(false);
    expect(summarize([check('Passed'), check('Failed')]).verified).toBe(false);
    expect(summarize([check('Skipped')]).verified).toBe(false);
    expect(summarize([]).verified).toBe(false);
    expect(summarize([check('Skipped'), check('Unknown')]).passed).toEqual([]);
  });

  const volumes = ['data-pg-0', 'wal-pg-0'].map((claim) => ({ claim, snapshot: 'x', phase: 'Bound' as const }));
  const status = { volumes, plan: { create: ['a', 'b', 'c', 'd'], change: ['e'] } };

  test('the sentence of a restore says what was made and what is proven', () => {
    const checked = (...checks: ReturnType<typeof check>[]) => ({ ...status, verified: summarize(checks).verified, applications: [{ name: 'pg', kind: 'PostgreSQL', checks }] });
    expect(sentence(appRestore({}, checked(check('Passed'), check('Passed'))))).toBe('Restored 2 volumes and 3 objects into shop; 2 checks passed.');
    expect(sentence(appRestore({}, checked(check('Passed'), check('Unknown', 'Unknown'))))).toBe('Restored 2 volumes and 3 objects into shop; not verified: 1 check passed, unknown: Unknown: why.');
    expect(sentence(appRestore({ verify: { enabled: false, timeout: '15m' } }, status))).toBe('Restored 2 volumes and 3 objects into shop; not checked (spec.verify.enabled: false).');
    expect(sentence(appRestore({ what: 'Volumes', ...moved }, { ...status, plan: { create: ['a', 'b'] } }))).toBe('Restored 2 volumes into copy.');
  });

  test('a drill has not proven what it has not run, whatever the checks say', () => {
    const unproven = unprovenOf({ unproven: ['deployments.apps/web: not in a drill: why'] }, [...volumes, { claim: 'spare', snapshot: 'x', phase: 'Pending' }]);
    expect(unproven).toEqual(['deployments.apps/web: not in a drill: why', 'claim spare: no pod has asked for its volume']);
    const passed = { ...status, verified: true, applications: [{ name: 'pg', kind: 'PostgreSQL' as const, checks: [check('Passed')] }] };
    expect(sentence(appRestore(moved, passed), unproven)).toBe(`Restored 2 volumes and 3 objects into copy; not verified: 1 check passed, not run: ${unproven.join('; ')}.`);
  });
});
