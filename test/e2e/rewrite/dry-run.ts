import { describe, expect, test } from '@jest/globals';
import type { AppRestore } from '../../../src/api/kinds.js';
import { account } from '../admission/accounts.js';
import { deleteAndWait, readyOf, untilReason } from '../lib/copies.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { plugin } from '../lib/plugin.js';
import { appRestore } from '../lib/tenant.js';
import { found, host, lost, newHost, password, rewrite } from './objects.js';

/** What a dry run says before anything is made, to people and in its ConfigMap. */
export function dryRun(source: string, target: string): void {
  describe('dryRun', () => {
    const into = { namespace: target, serviceAccountName: 'stillpoint' };
    const ask = (name: string, spec: Readonly<Record<string, unknown>>): Promise<void> => apply([appRestore(source, name, 'copy', { into, rewrite, dryRun: true, ...spec })]);

    test('every object as it would be, each change as a change, no value of a Secret; gone with its AppRestore', async () => {
      await apply([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { url: `https://${host}/`, site: 'drill', own: 'x' } }], target);
      await ask('what-if', { existing: 'Adopt' });
      const planned = await untilReason<AppRestore>('apprestores', source, 'what-if', ['DryRun']);
      expect(planned.status?.plan).toMatchObject({ diffRef: { name: 'what-if-plan' }, change: [expect.stringContaining('configmaps/settings') as unknown] });
      const { code, stdout, stderr } = await plugin(['-n', source, 'diff', 'what-if']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('~ configmaps/settings\n    /data/site\n      - "drill"\n      + "main"\n');
      expect(stdout).toMatch(/\+ deployments\.apps\/web\n(.*\n)*? {4}spec:\n(.*\n)*? {6}replicas: 1\n/);
      for (const text of [`image: ${found}/pause:1`, `host: ${newHost}`, `endpoint: ${newHost}:9000`, `value: ${lost}/pause:1`]) expect(stdout).toContain(text);
      expect(stdout).toMatch(new RegExp(`password: ${password.length} bytes, [0-9a-f]{12}`));
      const saved = JSON.stringify(await get('configmap', 'what-if-plan', source));
      for (const text of [stdout, (await plugin(['-n', source, '-o', 'json', 'diff', 'what-if'])).stdout, saved]) for (const secret of [password, Buffer.from(password).toString('base64')]) expect(text).not.toContain(secret);
      expect(await kubectl(['-n', target, 'get', 'pvc,deployments,cronjobs,ingresses,widgets', '-o', 'name'])).toBe('');
      await deleteAndWait('apprestore', source, 'what-if');
      await kubectl(['-n', source, 'wait', '--for=delete', 'configmap/what-if-plan', '--timeout=60s']);
      await kubectl(['-n', target, 'delete', 'configmap', 'settings']);
    }, 120_000);

    test('what would be refused is in the plan, and the plugin ends with 1', async () => {
      await ask('would-not', { rewrite: { patches: [{ target: { kind: 'Deployment' }, patch: [{ op: 'test', path: '/spec/replicas', value: 7 }] }] } });
      const planned = await untilReason<AppRestore>('apprestores', source, 'would-not', ['DryRun']);
      const says = 'spec.rewrite.patches[0].patch[0]: test /spec/replicas of deployments.apps/web: /spec/replicas has another value';
      expect(planned.status?.plan?.refuse).toEqual([says]);
      const { code, stdout } = await plugin(['-n', source, 'diff', 'would-not']);
      expect(code).toBe(1);
      expect(stdout).toContain(`! ${says}\n`);
      await deleteAndWait('apprestore', source, 'would-not');
    }, 90_000);

    test('the account must be allowed to write the ConfigMap; a restore does not ask for that', async () => {
      const rules = [{ apiGroups: [''], resources: ['secrets', 'serviceaccounts'], verbs: ['get'] }];
      await apply(account(source, 'reader', rules));
      await ask('no-right', { serviceAccountName: 'reader' });
      const refused = await untilReason<AppRestore>('apprestores', source, 'no-right', ['AccountNotAllowed']);
      expect(readyOf(refused.status)?.message).toContain(`spec.serviceAccountName: system:serviceaccount:${source}:reader may not get configmaps in namespace ${source}`);
      await deleteAndWait('apprestore', source, 'no-right');
      await ask('no-right', { serviceAccountName: 'reader', dryRun: false, rewrite: { patches: [{ target: { kind: 'Nothing' }, patch: [{ op: 'remove', path: '/a' }] }] } });
      await untilReason<AppRestore>('apprestores', source, 'no-right', ['InvalidSpec']);
      await deleteAndWait('apprestore', source, 'no-right');
    }, 120_000);

    test('a ConfigMap of somebody else stays as it is, and the restore says so', async () => {
      await apply([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'in-the-way-plan' }, data: { mine: 'x' } }], source);
      await ask('in-the-way', {});
      const refused = await untilReason<AppRestore>('apprestores', source, 'in-the-way', ['PlanNotSaved']);
      expect(readyOf(refused.status)?.message).toContain('ConfigMap in-the-way-plan');
      expect(await get('configmap', 'in-the-way-plan', source)).toMatchObject({ data: { mine: 'x' } });
      await kubectl(['-n', source, 'delete', 'configmap', 'in-the-way-plan']);
      await untilReason<AppRestore>('apprestores', source, 'in-the-way', ['DryRun']);
      expect(await plugin(['-n', source, 'diff', 'in-the-way'])).toMatchObject({ code: 0, stderr: '' });
      await deleteAndWait('apprestore', source, 'in-the-way');
    }, 120_000);
  });
}
