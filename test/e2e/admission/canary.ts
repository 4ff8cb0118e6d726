import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { agentNamespace, operatorNamespace } from '../install/operator.js';
import { auditText } from '../audit/log.js';
import { restoreCopy, takeCopy } from '../lib/copies.js';
import { startDatabase } from '../lib/database.js';
import { recordFigures } from '../lib/figures.js';
import { apply, kubectl } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant } from '../lib/tenant.js';
import { formsOf, holderRecords, watchArguments, type ArgumentWatch } from './canary-places.js';
import { spawn } from 'node:child_process';

const namespace = 'e2e-canary';
const target = 'e2e-canary-copy';
const password = 'canary-of-the-database-8fd1c2a47b';
const other = 'canary-of-the-namespace-51e07cb93d';
const control = 'canary-of-this-test-c2f9a60d18';

interface Secret {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly data?: Readonly<Record<string, string>>;
}

/** What a tenant keeps secret is in the capture's Secret after a copy and a restore, and nowhere else. */
export function canary(): void {
  describe('a canary secret', () => {
    let watch: ArgumentWatch;

    beforeAll(async () => {
      await Promise.all([makeTenant(namespace), makeTenant(target)]);
      await startDatabase(namespace, '15', { password });
      await apply([
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'of-the-namespace', namespace }, stringData: { token: other } },
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login', namespace }, stringData: { username: 'postgres', password } },
      ]);
      watch = watchArguments([...formsOf(password), ...formsOf(other), control]);
    }, 120_000);
    afterAll(async () => {
      watch.stop();
      await dropNamespace(namespace);
      await dropNamespace(target);
    }, 30_000);

    test('goes through a copy and a restore', async () => {
      const applications = [{ name: 'pg', kind: 'PostgreSQL', credentialsSecretRef: { name: 'login' } }];
      const copy = await takeCopy(namespace, 'copy', { applications, consistency: { required: 'Frozen' } });
      expect(copy.status).toMatchObject({ phase: 'Ready', grade: 'Frozen' });
      const restore = await restoreCopy(namespace, 'copy', 'copy', { into: { namespace: target, serviceAccountName: 'stillpoint' } });
      expect(restore.status).toMatchObject({ phase: 'Ready', verified: true, checksFailed: 0 });
    }, 240_000);

    test('is in no process argument', async () => {
      const marked = spawn(process.execPath, ['-e', 'process.stdin.resume()', control], { stdio: ['pipe', 'ignore', 'ignore'] });
      await watch.untilSeen(control, 10);
      marked.kill();
      recordFigures('admission', { canary: { argumentLooks: watch.looks } });
      expect(watch.seen().filter((line) => !line.includes(control))).toEqual([]);
    }, 30_000);

    test('is in the Secrets of the tenant and of the capture, and in no other', async () => {
      const { items } = JSON.parse(await kubectl(['get', 'secrets', '-A', '-o', 'json'])) as { items: Secret[] };
      const holding = items.filter((secret) => [password, other].flatMap(formsOf).some((form) => contentOf(secret).includes(form))).map(({ metadata }) => `${metadata.namespace}/${metadata.name.replace(/^stillpoint-capture-.*/, 'stillpoint-capture')}`);
      expect([...new Set(holding)].sort()).toEqual([`${namespace}/login`, `${namespace}/of-the-namespace`, `${namespace}/pg`, `${namespace}/stillpoint-capture`, `${target}/login`, `${target}/of-the-namespace`, `${target}/pg`].sort());
    }, 30_000);

    test('is in no other object, no log, no record of a hold, and not in the audit log', async () => {
      const types = (await kubectl(['api-resources', '--verbs=list', '-o', 'name'])).split('\n').filter((name) => name !== '' && name !== 'secrets');
      const texts: Record<string, string> = {
        operator: await kubectl(['-n', operatorNamespace, 'logs', '-l', 'app.kubernetes.io/component=operator', '--tail=-1']),
        agent: await kubectl(['-n', agentNamespace, 'logs', 'daemonset/stillpoint-agent', '--tail=-1']),
        'records of holds': holderRecords(),
        'audit log': auditText(),
      };
      for (const type of types) texts[type] = await kubectl(['get', type, '-A', '-o', 'json']);
      for (const name of ['configmaps', 'events', 'events.events.k8s.io', 'appsnapshots.stillpoint.dev', 'apprestores.stillpoint.dev', 'volumesnapshots.snapshot.storage.k8s.io']) expect(texts[name]).toContain('"items": [');
      // The places were alive: each speaks of the copy.
      for (const name of ['operator', 'audit log', 'events.events.k8s.io', 'appsnapshots.stillpoint.dev']) expect({ name, speaks: texts[name]?.includes(namespace) }).toEqual({ name, speaks: true });
      const found = Object.entries(texts).flatMap(([where, text]) => [password, other].flatMap((word) => (formsOf(word).some((form) => text.includes(form)) ? [`${word} in ${where}`] : [])));
      expect(found).toEqual([]);
      recordFigures('admission', { canary: { argumentLooks: watch.looks, places: Object.keys(texts).length } });
    }, 120_000);
  });
}

/** Everything that a Secret says, captures unpacked. */
function contentOf({ data = {} }: Secret): string {
  return Object.values(data).map((value) => {
    const bytes = Buffer.from(value, 'base64');
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes).toString('latin1') : bytes.toString('latin1');
  }).join('\n');
}
