import { Script } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AppRestore, AppSnapshot } from '../../../src/api/kinds.js';
import type { DrillStatus, VolumePolicyStatus } from '../../../src/api/volumepolicy.js';
import { canaryPod, isolationOf } from '../../../src/controllers/volumepolicy/drill/canary.js';
import { copiesOf, expiredAfter } from '../../../src/controllers/volumepolicy/copies.js';
import { Control } from '../../../src/controllers/volumepolicy/drill/control.js';
import { decideDrill, type DrillInput } from '../../../src/controllers/volumepolicy/drill/decide.js';
import { DrillLine } from '../../../src/controllers/volumepolicy/drill/line.js';
import { drillAccount, drilledPolicy, drillName, isDrillNamespace } from '../../../src/controllers/volumepolicy/drill/names.js';
import { drillBinding, drillLabels, drillNetworkPolicy, drillRestore } from '../../../src/controllers/volumepolicy/drill/objects.js';
import { lastOf, placeOf, restoreOf } from '../../../src/controllers/volumepolicy/drill/observe.js';
import { resultOf, timedOut } from '../../../src/controllers/volumepolicy/drill/result.js';
import { speaksOf } from '../../../src/controllers/volumepolicy/drill/sweep.js';
import { appRestoreSpec } from '../../../src/api/apprestore.js';
import { appRestore } from './apprestore-fixtures.js';
import { at, copyOfTick, readyStatus, volumePolicy } from './policy-fixtures.js';

const verify = { cron: '0 * * * *', timeout: '20m' };
const inForce: VolumePolicyStatus = { observedGeneration: 1, drillSchedule: { cron: '0 * * * *', timeZone: 'UTC', since: '2026-11-29T10:00:00.000Z' } };
const drill: DrillStatus = { due: '2026-11-29T11:00:00.000Z', copy: 'c', namespace: 'shop-drill-0123456789', phase: 'Running', begun: '2026-11-29T11:00:01.000Z', until: '2026-11-29T11:20:01.000Z' };
const absent = { kind: 'absent' } as const;

function decideAt(now: string, more: Partial<DrillInput> & { readonly status?: VolumePolicyStatus; readonly verify?: object } = {}) {
  const object = volumePolicy({ verify: { ...verify, ...more.verify } }, more.status ?? inForce);
  const copies = copiesOf(object, [copyOfTick(object, at('09:00'), readyStatus(at('09:00')))], () => false);
  return decideDrill({ object, copies, now: at(now), enabled: true, requireIsolation: true, longest: 3_600_000, place: absent, restore: absent, ...more });
}

describe('names', () => {
  test('differ by policy and tick, and are names of namespaces however long that of the source is', () => {
    const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
    fc.assert(
      fc.property(label, fc.uuid(), fc.nat(), (namespace, uid, tick) => {
        const name = drillName({ namespace, uid }, tick);
        expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?-drill-[0-9a-f]{10}$/);
        expect(name.length).toBeLessThanOrEqual(63);
        expect(drillName({ namespace, uid }, tick)).toBe(name);
        expect(drillName({ namespace, uid }, tick + 1)).not.toBe(name);
      }),
    );
  });

  test('the account is that of this very namespace', () => {
    expect(drillAccount('0badcafe-0000-4000-8000-000000000000')).toBe('stillpoint-drill-0badcafe');
  });
});

describe('what is the namespace of a drill', () => {
  const labels = { 'stillpoint.dev/drill': '0badcafe-0000-4000-8000-000000000000' };
  test.each([
    ['name and mark', { name: 'shop-drill-0123456789', labels }, true],
    ['another name', { name: 'shop', labels }, false],
    ['no mark', { name: 'shop-drill-0123456789' }, false],
    ['an empty mark', { name: 'shop-drill-0123456789', labels: { 'stillpoint.dev/drill': '' } }, false],
    ['a mark that is no uid', { name: 'shop-drill-0123456789', labels: { 'stillpoint.dev/drill': 'x' } }, false],
  ])('%s', (_, metadata, is) => {
    expect(isDrillNamespace(metadata)).toBe(is);
  });

  test.each([
    ['shop/nightly', 'shop/nightly'],
    ['shop/nightly.v2', 'shop/nightly.v2'],
    ['nightly', undefined],
    ['../nightly', undefined],
    ['shop/nightly/status', undefined],
  ])('that is of %s', (of, policy) => {
    expect(drilledPolicy({ annotations: { 'stillpoint.dev/drill-of': of } })).toBe(policy);
  });
});

describe('objects', () => {
  test.each([
    ['nothing', {}, 'baseline'],
    ['privileged', { 'pod-security.kubernetes.io/enforce': 'privileged' }, 'baseline'],
    ['restricted', { 'pod-security.kubernetes.io/enforce': 'restricted' }, 'restricted'],
  ])('a source that says %s of Pod Security', (_, source, level) => {
    expect(drillLabels('uid', source, [])).toEqual({ 'stillpoint.dev/drill': 'uid', 'pod-security.kubernetes.io/enforce': level });
  });

  test('of other labels those go along that an admin has named, and none takes the place of ours', () => {
    const source = { team: 'shop', tier: 'db', 'stillpoint.dev/drill': 'forged', 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/enforce-version': 'v1.34' };
    expect(drillLabels('uid', source, ['team', 'missing', 'stillpoint.dev/drill'])).toEqual({ team: 'shop', 'stillpoint.dev/drill': 'uid', 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/enforce-version': 'v1.34' });
  });

  test('the binding is of one role to two accounts; the network lets through names and the drill itself', () => {
    expect(drillBinding('d', 'stillpoint-drill-0badcafe', { namespace: 's', name: 'o' })).toMatchObject({ roleRef: { kind: 'ClusterRole', name: 'stillpoint-drill' }, subjects: [{ namespace: 's', name: 'o' }, { namespace: 'd', name: 'stillpoint-drill-0badcafe' }] });
    const { spec } = drillNetworkPolicy('d', 'kube-system') as unknown as { spec: { podSelector: object; policyTypes: string[]; ingress: { from: object[] }[]; egress: { to: object[] }[] } };
    expect(spec).toMatchObject({ podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{ from: [{ podSelector: {} }] }] });
    expect(spec.egress.map(({ to }) => to)).toEqual([[{ podSelector: {} }], [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }, { ipBlock: { cidr: '169.254.20.10/32' } }]]);
  });

  test('the restore is one that the schema takes, and goes with its policy', () => {
    const restore = drillRestore(volumePolicy({ verify: { ...verify, storageClasses: { kept: 'gone' } } }), drill, 'stillpoint-drill-0badcafe');
    expect(appRestoreSpec.parse(restore['spec'])).toMatchObject({ into: { namespace: drill.namespace, serviceAccountName: 'stillpoint-drill-0badcafe' }, rewrite: { storageClasses: { kept: 'gone' } }, verify: { enabled: true, timeout: '1200s' }, existing: 'Fail' });
    expect(restore.metadata.ownerReferences).toMatchObject([{ kind: 'VolumePolicy', name: 'nightly' }]);
    expect(restoreOf(restore as unknown as AppRestore, drill)).toMatchObject({ kind: 'ours' });
  });

  test('what a tenant makes under its name is not the drill\'s, whatever its labels', () => {
    const forged = appRestore({ from: { appSnapshotRef: { name: 'c' } } }, {}, { labels: { 'stillpoint.dev/drill': 'uid' } });
    expect(restoreOf(forged, drill)).toEqual({ kind: 'foreign' });
    expect(placeOf({ metadata: { name: 'x', uid: 'u', labels: { 'stillpoint.dev/drill': 'other' } } }, 'uid')).toEqual({ kind: 'foreign' });
  });
});

describe('decide', () => {
  test('begins at its time, not before, and says until when', () => {
    expect(decideAt('10:59')).toEqual({ kind: 'none', next: at('11:00') });
    expect(decideAt('11:00:01')).toMatchObject({ kind: 'begin', drill: { due: '2026-11-29T11:00:00.000Z', phase: 'Running', until: '2026-11-29T11:20:01.000Z' } });
  });

  test('is never longer than an admin allows', () => {
    expect(decideAt('11:00:01', { longest: 60_000 })).toMatchObject({ kind: 'begin', drill: { until: '2026-11-29T11:01:01.000Z' } });
  });

  test('of several that were missed the last, and none later than its deadline', () => {
    expect(decideAt('14:30')).toMatchObject({ kind: 'begin', drill: { due: '2026-11-29T14:00:00.000Z' } });
    expect(decideAt('14:30', { verify: { startingDeadline: '10m' } })).toEqual({ kind: 'none', next: at('15:00') });
  });

  test('not while suspended, without a copy, or before another expression is adopted', () => {
    expect(decideAt('11:01', { verify: { suspend: true } })).toEqual({ kind: 'none', next: undefined });
    expect(decideAt('11:01', { copies: [] })).toMatchObject({ kind: 'none', why: 'noCopy' });
    expect(decideAt('11:01', { verify: { cron: '1 * * * *' } })).toEqual({ kind: 'none', next: undefined });
  });

  test('not of a copy whose snapshots are to go, or have gone while it is in a target', () => {
    const policy = volumePolicy();
    const of = (hour: string, phase: 'Ready' | 'Expired', spec: object = {}): AppSnapshot => {
      const copy = copyOfTick(policy, at(hour), readyStatus(at(hour), { phase }));
      return { ...copy, spec: { ...copy.spec, ...spec } };
    };
    const [staying, ...going] = copiesOf(policy, [of('08:00', 'Ready'), of('09:00', 'Ready', { expiresAfter: expiredAfter }), of('10:00', 'Expired')], () => false);
    expect(decideAt('11:01', { copies: [staying!, ...going] })).toMatchObject({ kind: 'begin', drill: { copy: staying!.name } });
    expect(decideAt('11:01', { copies: going })).toMatchObject({ kind: 'none', why: 'noCopy' });
  });

  test('a restore that is refused is the result when that does not pass', () => {
    const conditions = [{ type: 'Ready', status: 'False' as const, reason: 'RestoreRefused', message: 'no', lastTransitionTime: '2026-11-29T11:01:00Z' }];
    const refused = appRestore({}, { phase: 'Pending', conditions });
    expect(resultOf(drill, refused, at('11:02'))).toBeUndefined();
    expect(resultOf(drill, refused, at('11:03:01'))).toMatchObject({ reason: 'DrillFailed', message: 'RestoreRefused: no', verified: false });
  });

  test('a drill whose time is over before its restore was made says nothing of the copy', () => {
    expect(timedOut(drill, undefined, at('11:21'))).toMatchObject({ reason: 'DrillAborted', verified: false });
    expect(timedOut(drill, appRestore({}, {}), at('11:21'))).toMatchObject({ reason: 'DrillTimedOut' });
    expect(timedOut({ ...drill, restore: 'uid' }, undefined, at('11:21'))).toMatchObject({ reason: 'DrillTimedOut' });
  });

  test('a schedule that is none is said, whatever else there is of it', () => {
    expect(decideAt('11:01', { verify: { cron: '5-1 * * * *' } })).toMatchObject({ kind: 'invalid', message: expect.stringMatching(/^spec\.protection\.verify\.cron: /) as unknown });
  });

  test('when a namespace was drilled last follows from all of its policies', () => {
    const drilled = (at: string) => volumePolicy({ verify }, { ...inForce, lastDrill: { ...resultOf({ ...drill }, appRestore({}, { phase: 'Failed' }), Date.parse(at))! } });
    expect(lastOf('shop', [volumePolicy({ verify }, inForce)])).toBeUndefined();
    expect(lastOf('shop', ['2026-11-28T00:00:00Z', '2026-11-29T00:00:00Z'].map(drilled))).toBe(Date.parse('2026-11-29T00:00:00Z'));
  });

  test('nothing of a policy that is being deleted: the sweep finds it', () => {
    const going = volumePolicy({ verify }, { ...inForce, drill }, { deletionTimestamp: '2026-11-29T11:05:00Z' });
    expect(decideAt('11:05', { object: going })).toEqual({ kind: 'none', next: undefined });
    const marked = { name: drill.namespace, labels: { 'stillpoint.dev/drill': going.metadata.uid } };
    expect(speaksOf(going, marked)).toBe(false);
    expect(speaksOf(volumePolicy({ verify }, { ...inForce, drill }), marked)).toBe(true);
    expect(speaksOf(volumePolicy({ verify }, inForce), marked)).toBe(false);
  });
});

describe('the line', () => {
  const due = at('11:00');
  const ask = (key: string, more: { due?: number; last?: number; drill?: string } = {}) => ({ key, drill: `${key.replace('/', '-')}-drill`, due, last: undefined, ...more });
  const running = (...keys: string[]) => keys.map((key) => ({ drill: ask(key).drill, source: key.split('/')[0] }));

  test('so many at a time, one of each namespace', () => {
    const line = new DrillLine(2);
    expect(line.mayBegin(ask('a/x'), [], 0)).toBe(true);
    expect(line.mayBegin(ask('a/y'), [], 0)).toBe(false);
    expect(line.mayBegin(ask('b/x'), running('a/x'), 0)).toBe(true);
    expect(line.mayBegin(ask('c/x'), running('a/x', 'b/x'), 0)).toBe(false);
    // Both have ended, and their statuses say so.
    expect(line.mayBegin(ask('c/x'), [], 61_000)).toBe(true);
  });

  test('a policy that is made anew under its name does not get the room of what the former one left', () => {
    const line = new DrillLine(1);
    expect(line.mayBegin(ask('a/x', { drill: 'a-drill-2' }), [{ drill: 'a-drill-1', source: 'a' }], 0)).toBe(false);
    expect(line.mayBegin(ask('b/x'), [{ drill: 'of-nobody', source: undefined }], 0)).toBe(false);
  });

  test('first goes the namespace that was drilled longest ago, or never; then who was due first', () => {
    const line = new DrillLine(1);
    const [never, older, newer] = [ask('c/x', { due: due + 60_000 }), ask('b/x', { last: 1 }), ask('a/x', { last: 2 })];
    for (const each of [newer, older, never]) expect(line.mayBegin(each, running('z/z'), 0)).toBe(false);
    expect([newer, older, never].map((each) => line.isTurn(each, [], 1000))).toEqual([false, false, true]);
    expect(line.mayBegin(never, [], 1000)).toBe(true);
    const two = new DrillLine(1);
    for (const each of [ask('a/y', { due: due + 1 }), ask('b/x')]) two.mayBegin(each, running('z/z'), 0);
    expect([ask('a/y', { due: due + 1 }), ask('b/x')].map((each) => two.isTurn(each, [], 0))).toEqual([false, true]);
  });

  test('many policies of one namespace count once, and a turn is remembered although its policy is gone', () => {
    const line = new DrillLine(2);
    for (let i = 0; i < 9; i += 1) line.isTurn(ask(`a/${i}`), running('y/y', 'z/z'), 0);
    expect(line.isTurn(ask('b/x', { due: due + 60_000 }), [], 0)).toBe(true);
    const after = new DrillLine(1);
    after.begun(ask('a/old'), 0);
    after.isTurn(ask('a/new'), running('z/z'), 1);
    expect(after.isTurn(ask('b/x', { due: due + 60_000 }), [], 1)).toBe(true);
  });

  test('asking takes no place, and who cannot begin gives its place back', () => {
    const line = new DrillLine(1);
    expect(line.isTurn(ask('a/x'), [], 0)).toBe(true);
    expect(line.mayBegin(ask('a/x'), [], 0)).toBe(true);
    expect(line.isTurn(ask('b/x'), [], 0)).toBe(false);
    line.giveBack(ask('a/x'));
    expect(line.mayBegin(ask('b/x'), [], 0)).toBe(true);
  });

  test('who waits for its own namespace keeps nobody waiting', () => {
    const line = new DrillLine(1);
    expect(line.mayBegin(ask('a/x'), [{ drill: 'a-left', source: 'a' }], 0)).toBe(false);
    expect(line.mayBegin(ask('b/x', { due: due + 60_000 }), [], 0)).toBe(true);
  });
});

describe('the control of the isolation', () => {
  test('holds while the API server answers without a gap from the begin', () => {
    let millis = 0;
    const control = new Control({ monotonic: () => millis });
    expect(control.answered('unheard')).toBe(false);
    control.begin('u');
    for (const at of [2000, 4000, 13_000]) {
      millis = at;
      expect(control.answered('u')).toBe(true);
    }
    for (const at of [24_000, 26_000]) {
      millis = at;
      expect(control.answered('u')).toBe(false);
    }
  });
});

describe('isolation', () => {
  const ended = (exitCode: number) => ({ metadata: { name: 'p' }, status: { phase: 'Failed', containerStatuses: [{ name: 'isolation', state: { terminated: { exitCode } } }] } });

  test('is what the pod has found, and unknown when it could not try', () => {
    expect(isolationOf({ metadata: { name: 'p' }, status: { phase: 'Succeeded' } }, true)).toEqual({ kind: 'known', isolated: true });
    expect(isolationOf({ metadata: { name: 'p' }, status: { phase: 'Succeeded' } }, false)).toMatchObject({ kind: 'lost', why: expect.stringContaining('API server') as unknown });
    expect(isolationOf(ended(10), false)).toEqual({ kind: 'known', isolated: false });
    expect(isolationOf(ended(11), false)).toMatchObject({ kind: 'lost', why: expect.stringContaining('drills.dnsNamespace') as unknown });
    expect(isolationOf(ended(137), false)).toMatchObject({ kind: 'lost' });
    expect(isolationOf({ metadata: { name: 'p' }, status: { phase: 'Pending' } }, true)).toMatchObject({ kind: 'unknown' });
  });

  test('the program is one that Node takes', () => {
    const [container] = (canaryPod('d', 'a', { image: 'i', pullPolicy: 'Never', resources: {} })['spec'] as { containers: { command: string[] }[] }).containers;
    expect(() => new Script(container!.command[2]!)).not.toThrow();
  });
});
