import { describe, expect, test } from '@jest/globals';
import { recordFigures } from '../lib/figures.js';
import { get, kubectl, tryKubectl } from '../lib/kubectl.js';
import { until } from '../lib/until.js';
import { watchUntil } from '../lib/watch.js';
import { agentNamespace, agentPods, helm, leaderMetrics, leaderOf, operatorNamespace, operatorPods, type Lease } from './operator.js';

/** What the chart makes, as an admin looks at it. */
export function chart(): void {
  describe('the installed release', () => {
    test('operator pods are restricted: not root, no privileges, read-only root, a memory limit', async () => {
      const pods = await operatorPods();
      expect(pods).toHaveLength(2);
      for (const { spec } of pods) {
        expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } });
        expect([spec.hostPID, spec.hostNetwork]).toEqual([undefined, undefined]);
        for (const container of spec.containers) {
          expect(container.securityContext).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
          expect(container.resources?.limits?.['memory']).toBeDefined();
        }
      }
      // The standard judges by itself: the same template passes where "restricted" is enforced.
      const verdict = await tryKubectl(['label', '--dry-run=server', '--overwrite', 'namespace', operatorNamespace, 'pod-security.kubernetes.io/enforce=restricted']);
      expect(verdict.code).toBe(0);
      expect(verdict.stderr).not.toContain('violate');
    }, 30_000);

    test('agents have a namespace of their own, no token and no network', async () => {
      const namespace = await get<{ metadata: { labels: Record<string, string> } }>('namespace', agentNamespace);
      expect(namespace?.metadata.labels['pod-security.kubernetes.io/enforce']).toBe('privileged');
      const pods = await agentPods();
      const nodes = (await kubectl(['get', 'nodes', '-o', 'name'])).trim().split('\n');
      expect(pods).toHaveLength(nodes.length);
      for (const { spec } of pods) expect(spec).toMatchObject({ hostPID: true, automountServiceAccountToken: false });
      expect((await kubectl(['-n', agentNamespace, 'get', 'networkpolicy', '-o', 'name'])).trim()).not.toBe('');
    }, 30_000);

    test('kubectl explain is readable', async () => {
      // The API server publishes schemas some seconds after the CRDs are there.
      const explained = (field: string): Promise<string> =>
        until(`kubectl knows ${field}`, async () => {
          const { code, stdout } = await tryKubectl(['explain', field]);
          return code === 0 ? stdout : undefined;
        }, 30, 500);
      const text = await explained('asnap.spec.quiesce.maxHold');
      expect(text).toMatch(/FIELD: maxHold <string>/);
      expect(text).toContain('Longest hold, enforced next to the database.');
      expect(await explained('arst.spec.existing')).toMatch(/ENUM:\s+Fail\s+Skip\s+Adopt/);
    }, 70_000);

    test('helm upgrade with the same values changes nothing and restarts nothing', async () => {
      const before = { manifest: (await helm('-n', operatorNamespace, 'get', 'manifest', 'stillpoint')).stdout, pods: (await operatorPods()).map((p) => p.metadata.uid).sort() };
      const upgrade = await helm('upgrade', 'stillpoint', 'charts/stillpoint', '-n', operatorNamespace, '--reuse-values', '--wait', '--timeout', '120s');
      expect({ code: upgrade.code, stderr: upgrade.stderr }).toMatchObject({ code: 0 });
      const after = { manifest: (await helm('-n', operatorNamespace, 'get', 'manifest', 'stillpoint')).stdout, pods: (await operatorPods()).map((p) => p.metadata.uid).sort() };
      expect(after).toEqual(before);
    }, 150_000);

    test('a value that the chart does not know is refused, and so is a lease too short for the longest hold', async () => {
      const unknown = await helm('template', 'stillpoint', 'charts/stillpoint', '--kube-version', '1.34.0', '--set', 'agents.enabled=true');
      expect(unknown.code).not.toBe(0);
      expect(unknown.stderr).toMatch(/additional propert.*agents|agents.*not allowed/i);
      const short = await helm('template', 'stillpoint', 'charts/stillpoint', '--kube-version', '1.34.0', '--set', 'leaderElection.leaseDuration=11s,leaderElection.renewDeadline=8s');
      expect(short.code).not.toBe(0);
      expect(short.stderr).toContain('leaseDuration');
    }, 30_000);

    test('metrics are served under the names of controller-runtime', async () => {
      const text = await leaderMetrics();
      for (const series of [/^controller_runtime_reconcile_total\{.*controller="appsnapshot".*\} \d+/m, /^controller_runtime_reconcile_total\{.*controller="apprestore"/m, /^workqueue_depth\{/m, /^leader_election_master_status\{.*\} 1$/m, /^process_resident_memory_bytes \d+/m]) {
        expect(text).toMatch(series);
      }
    }, 30_000);

    test('another replica takes over when the leader goes', async () => {
      const lease = await get<Lease>('lease', 'stillpoint-leader', operatorNamespace);
      const old = leaderOf(lease ?? {});
      const taken = watchUntil<Lease>('leases', 'stillpoint-leader', operatorNamespace, 'is held by another pod', (l) => ![old, ''].includes(leaderOf(l)), 30);
      const begin = performance.now();
      await kubectl(['-n', operatorNamespace, 'delete', 'pod', old, '--wait=false']);
      const now = await taken;
      recordFigures('install', { leaderReplacedAfterMs: Math.round(performance.now() - begin) });
      expect(now.spec?.leaseTransitions ?? 0).toBeGreaterThan(lease?.spec?.leaseTransitions ?? 0);
      await kubectl(['-n', operatorNamespace, 'rollout', 'status', 'deployment/stillpoint', '--timeout=90s']);
    }, 150_000);
  });
}
