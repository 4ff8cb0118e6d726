import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { agentNamespace, agentPods, operatorNamespace } from '../install/operator.js';
import { apply, kubectl } from '../lib/kubectl.js';
import { until } from '../lib/until.js';
import { as, clusterAdmin, operatorByToken, serviceAccount, type Identity } from './identities.js';
import { expectRefused } from './refused.js';

const closed = 'Nobody attaches to, forwards ports of, proxies to or adds containers to the agents of Stillpoint, because that is root on the node. To look at an agent, use kubectl logs.';
const only = /Exec into the agents of Stillpoint is for system:serviceaccount:\S+ only, because it is root on the node\. To look at an agent, use kubectl logs\./;
const commands = 'Only /stillpoint/holder <id> hold, status, mounts, usage or end takeover|sweep|abort may be run in the agents of Stillpoint.';
const container = 'Exec into the agents of Stillpoint is for the container agent, without a terminal.';

const status = ['/stillpoint/holder', 'admission-probe', 'status'];
/** Admitted: the API server goes on to the stream, which a plain request is not. */
const admitted = /Upgrade request required|unable to upgrade connection|you must specify at least 1 of stdin, stdout, stderr/;

/** A namespace admin of the agents' own namespace: RBAC allows everything there, the policies nothing. */
const intruder = serviceAccount(agentNamespace, 'e2e-intruder');
const intruders = [clusterAdmin, intruder];

/** Real agents, real tokens: who gets in, with what. */
export function agents(): void {
  describe('the agents', () => {
    let agent = '';
    let operator: Identity;

    /** The request behind `kubectl exec`, with parameters that kubectl would not send. */
    const raw = (who: Identity, query: readonly (readonly [string, string])[], verb: 'get' | 'create' = 'get') => {
      const path = `/api/v1/namespaces/${agentNamespace}/pods/${agent}/exec?${query.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')}`;
      return as(who, verb === 'get' ? ['get', '--raw', path] : ['create', '--raw', path, '-f', '-'], '');
    };
    const parameters = (command: readonly string[], rest: Readonly<Record<string, string>> = { stdout: 'true' }): (readonly [string, string])[] => [...command.map((word) => ['command', word] as const), ...Object.entries(rest)];

    beforeAll(async () => {
      agent = (await agentPods())[0]?.metadata.name ?? '';
      operator = await operatorByToken();
      const labels = { 'app.kubernetes.io/part-of': 'stillpoint-e2e' };
      await apply([
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'e2e-intruder', namespace: agentNamespace, labels } },
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'RoleBinding',
          metadata: { name: 'e2e-intruder', namespace: agentNamespace, labels },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
          subjects: [{ kind: 'ServiceAccount', name: 'e2e-intruder', namespace: agentNamespace }],
        },
      ]);
      // kubectl looks at the pod before it execs; the operator does not.
      await kubectl(['-n', agentNamespace, 'create', 'role', 'e2e-intruder', '--verb=get', '--resource=pods']);
      await kubectl(['-n', agentNamespace, 'create', 'rolebinding', 'e2e-look', '--role=e2e-intruder', `--serviceaccount=${operatorNamespace}:stillpoint`]);
      await until('RBAC lets the intruder in', async () => (await as(intruder, ['auth', 'can-i', 'create', 'pods', '--subresource=exec', '-n', agentNamespace])).code === 0, 15, 300);
    }, 60_000);
    afterAll(() => kubectl(['-n', agentNamespace, 'delete', 'rolebinding/e2e-look', 'rolebinding/e2e-intruder', 'role/e2e-intruder', 'serviceaccount/e2e-intruder', '--ignore-not-found']), 30_000);

    test.each(intruders)('$name does not exec, not even the holder', async (who) => {
      expectRefused(await as(who, ['-n', agentNamespace, 'exec', agent, '-c', 'agent', '--', 'sh', '-c', 'id']), who.name, 'exec sh', 'stillpoint-agent-exec', only);
      expectRefused(await as(who, ['-n', agentNamespace, 'exec', agent, '-c', 'agent', '--', ...status]), who.name, 'exec the holder', 'stillpoint-agent-exec', only);
      expectRefused(await raw(who, parameters(status), 'create'), who.name, 'exec by POST', 'stillpoint-agent-exec', only);
    }, 30_000);

    test.each(intruders)('$name does not attach, forward ports, proxy, or add a container', async (who) => {
      expectRefused(await as(who, ['-n', agentNamespace, 'attach', agent, '-c', 'agent']), who.name, 'attach', 'stillpoint-agent-closed', closed);
      expectRefused(await as(who, ['-n', agentNamespace, 'port-forward', `pod/${agent}`, ':8080']), who.name, 'port-forward', 'stillpoint-agent-closed', closed);
      expectRefused(await as(who, ['get', '--raw', `/api/v1/namespaces/${agentNamespace}/pods/${agent}/proxy/`]), who.name, 'proxy', 'stillpoint-agent-closed', closed);
      expectRefused(await as(who, ['-n', agentNamespace, 'debug', agent, '--image=localhost/stillpoint-test/pause:1', '--target=agent', '--', 'sh']), who.name, 'debug (ephemeral container)', 'stillpoint-agent-closed', closed);
    }, 30_000);

    test("the operator's token runs the holder", async () => {
      const ran = await as(operator, ['-n', agentNamespace, 'exec', agent, '-c', 'agent', '--', ...status]);
      expect(ran.stderr).not.toContain('denied');
      expect(ran.stdout).toContain('STILL1 admission-probe');
      for (const flags of [{ stdout: 'true' }, { stdin: 'true', stdout: 'true', stderr: 'true' }, { stdout: 'true', container: 'agent' }, { stdin: 'true', stdout: 'true', tty: 'false' }]) {
        expect((await raw(operator, parameters(status, flags))).stderr).toMatch(admitted);
      }
    }, 30_000);

    test.each([
      ['a shell', ['sh', '-c', 'id']],
      ['a shell behind the holder', ['/stillpoint/holder', 'p-1', 'status', ';', 'sh']],
      ['the holder alone', ['/stillpoint/holder']],
      ['the main process of the agent', ['/stillpoint/holder', 'agent']],
      ['a guard', ['/stillpoint/holder', 'p-1', 'guard']],
      ['another state directory', ['/stillpoint/holder', '--state-dir', '/proc', 'p-1', 'hold']],
      ['an id that is a path', ['/stillpoint/holder', '../p-1', 'hold']],
      ['an id that is too long', ['/stillpoint/holder', 'a'.repeat(64), 'hold']],
      ['an end that proves', ['/stillpoint/holder', 'p-1', 'end', 'release']],
      ['words behind the command', ['/stillpoint/holder', 'p-1', 'hold', 'now']],
      ['a look at a path of its choice', ['/stillpoint/holder', 'p-1', 'mounts', '/etc']],
      ['another program of that name', ['/bin/../stillpoint/holder', 'p-1', 'hold']],
    ])("the operator's token does not run %s", async (what, command) => {
      for (const verb of ['get', 'create'] as const) expectRefused(await raw(operator, parameters(command), verb), operator.name, `exec: ${what} (${verb})`, 'stillpoint-agent-exec', commands);
    }, 30_000);

    test("the operator's token does not run nothing", async () => {
      // Without any command the expression cannot be judged, and what cannot be judged is refused.
      expectRefused(await raw(operator, parameters([])), operator.name, 'exec: nothing', 'stillpoint-agent-exec', /denied request/);
    }, 30_000);

    test.each([
      ['with a terminal', { stdout: 'true', tty: 'true' }],
      ['with a terminal and stdin', { stdin: 'true', stdout: 'true', tty: 'true' }],
      ['in another container', { stdout: 'true', container: 'other' }],
      ['in another container with a terminal', { stdin: 'true', stdout: 'true', tty: 'true', container: 'other' }],
    ])("the operator's token does not run the holder %s", async (what, flags) => {
      expectRefused(await raw(operator, parameters(status, flags)), operator.name, `exec the holder ${what}`, 'stillpoint-agent-exec', container);
    }, 30_000);

    test("the operator's token has no right to any other way in", async () => {
      for (const [sub, verb] of [['attach', 'create'], ['portforward', 'create'], ['proxy', 'get'], ['ephemeralcontainers', 'patch']] as const) {
        expect((await as(operator, ['auth', 'can-i', verb, 'pods', `--subresource=${sub}`, '-n', agentNamespace])).stdout.trim()).toBe('no');
      }
      expect((await as(operator, ['auth', 'can-i', 'create', 'pods', '-n', agentNamespace])).stdout.trim()).toBe('no');
    }, 30_000);
  });
}
