import { describe, expect, test } from '@jest/globals';
import { quiesceProfileSpec } from '../../../src/api/quiesceprofile.js';
import { fail } from '../../../src/api/errors.js';
import type { AdapterContext, CopiedApplication, Detected, RestoreContext } from '../../../src/hooks/adapter.js';
import { customAdapter } from '../../../src/hooks/custom/adapter.js';
import { redaction } from '../../../src/hooks/custom/redaction.js';
import type { Profile } from '../../../src/hooks/profile.js';
import { container, pod } from '../hold/namespace.js';
import { LocalExec } from '../hold/local-exec.js';

const adapter = customAdapter();
const account = { namespace: 'shop', name: 'backup' };
/** The real commands, on this machine. */
const exec = new LocalExec(({ command: [file = '', ...args] }) => ({ file, args }));
const signal = new AbortController().signal;
const secret = (name: string): Promise<Record<string, string>> => Promise.resolve(name === 'login' ? { file: '[client]\nuser=app\npassword="hunter2"\n' } : {});
const profileWith = (spec: object, digest = 'd1'): Profile => ({ name: 'db', digest, spec: quiesceProfileSpec.parse({ hold: 'Freeze', ...spec }) });
const app: Detected = { name: 'db', kind: 'Custom', pods: ['db-0'], container: { 'db-0': 'server' }, rank: 1000, by: 'spec.applications[0]', mode: 'Auto', credentialsSecret: undefined, profile: { name: 'db', digest: 'd1' } };
const context = (profile: Profile): AdapterContext => ({ account, exec, view: { namespace: 'shop', pods: [], claims: [] }, claims: new Set(), secret, profile: () => Promise.resolve(profile), setId: 's', signal });
const withStdin = { stdin: { secretKeyRef: { name: 'login', key: 'file' } } };

describe('the plan by a profile', () => {
  test('has its limits and its caps, and runs nothing', async () => {
    const found = await adapter.preflight(app, context(profileWith({ tolerates: { maxHold: '2s', noticedAfter: '500ms' }, processName: 'redis-server' })));
    expect(found).toMatchObject({ processName: 'redis-server', hardLimitMillis: 2000, softLimitMillis: 500, blockers: [], profile: { name: 'db', digest: 'd1' }, caps: [{ grade: 'CrashConsistentSynced' }] });
    expect(found.fence).toBeUndefined();
    expect((await adapter.preflight(app, context(profileWith({ recovery: 'Durable' })))).caps).toEqual([]);
  });

  test('refuses mode Freeze for a fence, by the field', async () => {
    const fence = { engage: { command: ['a'] }, verify: { command: ['b'], expect: 'on' }, release: { command: ['c'], timeout: '300ms' } };
    const profile = profileWith({ hold: 'Fence', processName: 'x', fence, position: { command: ['p'], timeout: '1m' } });
    const found = await adapter.preflight({ ...app, mode: 'Freeze' }, context(profile));
    expect(found.blockers).toMatchObject([{ code: 'HoldNotPossible', message: expect.stringContaining('spec.applications[0].mode') }]);
    expect(found.fence).toEqual({
      engage: { command: ['a'], timeoutMillis: 2000, expect: undefined },
      verify: { command: ['b'], timeoutMillis: 2000, expect: 'on' },
      release: { command: ['c'], timeoutMillis: 300, expect: undefined },
      position: { command: ['p'], timeoutMillis: 5000, expect: undefined },
    });
  });
});

describe('warm-up and positions', () => {
  test('a step that fails names its field, what was said, and never the Secret', async () => {
    const step = { name: 'login', command: ['sh', '-c', 'cat >&2; exit 4'], ...withStdin };
    const failed = adapter.warmUp(app, context(profileWith({ warmUp: [{ name: 'good', command: ['true'] }, step] })));
    await expect(failed).rejects.toMatchObject({ code: 'ProfileCommandFailed', publicMessage: expect.stringMatching(/^QuiesceProfile db: spec\.warmUp\[1\] \(login\) in pod db-0 ended with 4: /) });
    await expect(failed).rejects.toMatchObject({ publicMessage: expect.not.stringMatching(/hunter2|user=app/) });
  });

  test('a Secret without the key is named', async () => {
    const step = { name: 'login', command: ['true'], stdin: { secretKeyRef: { name: 'login', key: 'other' } } };
    await expect(adapter.warmUp(app, context(profileWith({ warmUp: [step] })))).rejects.toMatchObject({ code: 'InvalidSpec', publicMessage: 'QuiesceProfile db: spec.warmUp[0].stdin.secretKeyRef: Secret login has no key other.' });
  });

  test('the position is one line, before and after', async () => {
    const profile = profileWith({ position: { command: ['echo', '0/1A'] } });
    expect(await adapter.warmUp(app, context(profile))).toEqual({ before: '0/1A' });
    expect(await adapter.evidence(app, context(profile))).toEqual({ after: '0/1A' });
    for (const command of [['true'], ['printf', 'a\\nb\\n'], ['printf', 'a\\tb\\n']]) {
      await expect(adapter.warmUp(app, context(profileWith({ position: { command } })))).rejects.toMatchObject({ publicMessage: expect.stringContaining('spec.position in pod db-0 did not print exactly one line') });
    }
  });

  test('a profile that was changed is not run, and lowers the grade', async () => {
    const after = await adapter.evidence(app, context(profileWith({ position: { command: ['false'] } }, 'd2')));
    expect(after).toEqual({ changed: 'db' });
    expect(adapter.contradictions({}, after)).toMatchObject([{ grade: 'CrashConsistent', reason: expect.stringContaining('QuiesceProfile db was changed') }]);
    expect(adapter.contradictions({ before: '1' }, { after: '2' })).toEqual([]);
  });
});

describe('checks of a restored copy', () => {
  const copy: CopiedApplication = { name: 'db', kind: 'Custom', version: undefined, members: [{ pod: 'db-0', role: 'member', container: 'server' }], positions: {}, facts: {}, startFiles: [], setId: 's', profile: { name: 'db', digest: 'd1' } };
  const restored = (profile: () => Promise<Profile>): RestoreContext => ({ account, exec, pods: new Map([['db-0', pod('db-0', 'n1', [container('server', [])])]]), namespace: 'there', secret, profile, signal });
  const checks = [
    { name: 'passes', command: ['echo', 'yes'], expect: 'yes' },
    { name: 'fails', command: ['sh', '-c', 'echo broken >&2; exit 1'] },
    { name: 'differs', command: ['echo', 'no'], expect: 'yes' },
    { name: 'login', command: ['grep', '-c', 'hunter2'], expect: '1', ...withStdin },
  ];

  test('each has its outcome, with the field and what was found', async () => {
    expect(await adapter.verify(copy, restored(() => Promise.resolve(profileWith({ checks }))))).toEqual([
      { name: 'passes', outcome: 'Passed' },
      { name: 'fails', outcome: 'Failed', message: 'QuiesceProfile db: spec.checks[1] ended with 1: broken.' },
      { name: 'differs', outcome: 'Failed', message: 'QuiesceProfile db: spec.checks[2] printed "no" instead of "yes".' },
      { name: 'login', outcome: 'Passed' },
    ]);
  });

  test('another profile, or none, is unknown, and nothing of it is run', async () => {
    expect(await adapter.verify(copy, restored(() => Promise.resolve(profileWith({ checks }, 'd2'))))).toMatchObject([{ name: 'QuiesceProfile', outcome: 'Unknown', message: expect.stringContaining('is not the one of the copy') }]);
    expect(await adapter.verify(copy, restored(() => Promise.reject(fail('ProfileNotFound', 'There is no QuiesceProfile db.'))))).toMatchObject([{ outcome: 'Unknown', message: 'There is no QuiesceProfile db. Its checks were not run.' }]);
  });

  test('a pod that is not there is unknown, no checks are skipped', async () => {
    const none = { ...restored(() => Promise.resolve(profileWith({ checks: checks.slice(0, 1) }))), pods: new Map() };
    expect(await adapter.verify(copy, none)).toMatchObject([{ name: 'passes', outcome: 'Unknown' }]);
    expect(await adapter.verify(copy, restored(() => Promise.resolve(profileWith({}))))).toMatchObject([{ outcome: 'Skipped' }]);
  });
});

test('redaction takes out lines of a Secret, and values in them with and without quotes', () => {
  const hide = redaction('user=app\npassword = "s3 cret"\ntoken: abc\n');
  expect(hide('s3 cret, abc, app')).toBe('***, ***, ***');
  expect(redaction(undefined)('as it is')).toBe('as it is');
});
