import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { VolumePolicy } from '../../../src/api/kinds.js';
import { account, lacking } from '../admission/accounts.js';
import { as, serviceAccount } from '../admission/identities.js';
import { recordFigures } from '../lib/figures.js';
import { apply, kubectl, tryKubectl } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant, volumePolicy } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { watchUntil } from '../lib/watch.js';

const cron = (expression: string): object => ({ schedule: { cron: expression } });
const fiveFields = /spec\.protection\.schedule\.cron: Invalid value: .*must be five fields with one space between: minute \(0-59\).*For example 30 2 \* \* \*/;

/** Wrong in a way that the API server sees: the field, and the way out. */
const wrong: readonly { readonly what: string; readonly protection: Readonly<Record<string, unknown>>; readonly says: RegExp }[] = [
  { what: 'a cron with four fields', protection: { ...cron('30 2 * *') }, says: fiveFields },
  { what: 'a cron with a minute 60', protection: { ...cron('60 2 * * *') }, says: fiveFields },
  { what: 'a nickname', protection: { ...cron('@midnight') }, says: fiveFields },
  { what: 'an unknown time zone', protection: { schedule: { cron: '30 2 * * *', timeZone: 'Europe/Atlantis' } }, says: /spec\.protection\.schedule\.timeZone: Invalid value: .*must be the name of a time zone of the IANA database, for example Europe\/Berlin or UTC/ },
  { what: 'a retention of nothing', protection: { retention: { last: 0 } }, says: /spec\.protection\.retention: Invalid value: .*must keep something: set last, hourly, daily, weekly, monthly or yearly to at least 1/ },
  { what: 'no retention', protection: { retention: undefined }, says: /spec\.protection\.retention: Required value/ },
  { what: 'an objective below a minute', protection: { rpo: '10s' }, says: /spec\.protection\.rpo: Invalid value: .*must be a duration from 1m to 8760h/ },
];

/** Wrong specs and tenants without rights are refused, in words. */
export function refusals(namespace: string): void {
  describe('refusals', () => {
    const told: { what: string; says: string }[] = [];
    const author = serviceAccount(namespace, 'author');
    const reasonOf = (o: VolumePolicy) => o.status?.conditions?.find((c) => c.type === 'Ready');

    beforeAll(async () => {
      await makeTenant(namespace);
      await apply([
        ...account(namespace, 'author', [{ apiGroups: ['stillpoint.dev'], resources: ['volumepolicies'], verbs: ['create', 'get', 'list', 'patch'] }]),
        ...lacking.slice(0, 1).flatMap(({ name, rules }) => account(namespace, name, rules)),
        // Is due within a minute, while the others are tried.
        volumePolicy(namespace, 'poor', {}, lacking[0].name),
        volumePolicy(namespace, 'backwards', { schedule: { cron: '30-10 2 29 2 *' } }),
      ]);
      await until('RBAC lets the author', async () => (await as(author, ['-n', namespace, 'auth', 'can-i', 'create', 'volumepolicies'])).code === 0, 15, 300);
    }, 60_000);
    afterAll(async () => {
      recordFigures('policy', { refusals: told });
      await dropNamespace(namespace);
    }, 30_000);

    test.each(wrong)('$what is refused by admission, with the field and the way out', async ({ what, protection, says }) => {
      const { code, stderr } = await tryKubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(volumePolicy(namespace, 'wrong', protection)));
      expect(code).not.toBe(0);
      expect(stderr).toMatch(says);
      told.push({ what, says: stderr.trim() });
    }, 30_000);

    test('what only the operator sees is refused by it, for good', async () => {
      const refused = await watchUntil<VolumePolicy>('volumepolicies', 'backwards', namespace, 'is refused', (o) => reasonOf(o)?.reason === 'InvalidSpec', 30);
      expect(reasonOf(refused)?.message).toMatch(/^spec\.protection\.schedule\.cron: .*Correct the expression\.$/);
      expect(refused.status?.conditions?.find((c) => c.type === 'Stalled')?.status).toBe('True');
      await kubectl(['-n', namespace, 'patch', 'vpol', 'backwards', '--type=merge', '-p', JSON.stringify({ spec: { protection: { schedule: { cron: '10-30 2 29 2 *' } } } })]);
      await watchUntil<VolumePolicy>('volumepolicies', 'backwards', namespace, 'is in force', (o) => reasonOf(o)?.reason === 'Scheduled', 30);
    }, 90_000);

    test('an author who may not impersonate the account is refused, also for a change', async () => {
      const says = `may not impersonate service account stillpoint of namespace ${namespace}`;
      const created = await as(author, ['create', '--dry-run=server', '-f', '-'], JSON.stringify(volumePolicy(namespace, 'new', {})));
      const changed = await as(author, ['-n', namespace, 'patch', 'vpol', 'backwards', '--type=merge', '-p', JSON.stringify({ spec: { protection: { rpo: '1h' } } })]);
      for (const { code, stderr } of [created, changed]) {
        expect(code).not.toBe(0);
        expect(stderr).toContain("'stillpoint-author'");
        expect(stderr).toContain(says);
        told.push({ what: 'an author without the right to impersonate', says: stderr.trim() });
      }
    }, 30_000);

    test('nobody but the operator writes the status', async () => {
      const { code, stderr } = await tryKubectl(['-n', namespace, 'patch', 'vpol', 'backwards', '--subresource=status', '--type=merge', '-p', JSON.stringify({ status: { copies: 7 } })]);
      expect(code).not.toBe(0);
      expect(stderr).toContain("'stillpoint-status'");
    }, 30_000);

    test('an account that may not make copies has none made for it', async () => {
      const refused = await watchUntil<VolumePolicy>('volumepolicies', 'poor', namespace, 'is refused', (o) => reasonOf(o)?.reason === 'AccountNotAllowed', 100);
      const message = reasonOf(refused)?.message ?? '';
      expect(message).toContain(`spec.serviceAccountName: system:serviceaccount:${namespace}:${lacking[0].name} may not create appsnapshots.stillpoint.dev in namespace ${namespace}`);
      expect(message).toContain('create rolebinding');
      expect(await kubectl(['-n', namespace, 'get', 'asnap', '-o', 'name'])).toBe('');
      told.push({ what: 'an account without the right to make copies', says: message });
    }, 120_000);
  });
}
