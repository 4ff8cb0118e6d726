import { execFile } from 'node:child_process';
import { get, kubectl, type KubectlResult } from '../lib/kubectl.js';

export const operatorNamespace = 'stillpoint-system';
export const agentNamespace = 'stillpoint-agent';

export interface Pod {
  metadata: { name: string; uid: string; deletionTimestamp?: string };
  spec: {
    hostPID?: boolean;
    hostNetwork?: boolean;
    automountServiceAccountToken?: boolean;
    securityContext?: Record<string, unknown>;
    containers: { name: string; resources?: { limits?: Record<string, string> }; securityContext?: Record<string, unknown> }[];
  };
}

/** Running pods of the operator; one that is being replaced does not count. */
export async function operatorPods(): Promise<Pod[]> {
  const list = await kubectl(['-n', operatorNamespace, 'get', 'pods', '-l', 'app.kubernetes.io/component=operator', '--field-selector=status.phase=Running', '-o', 'json']);
  return (JSON.parse(list) as { items: Pod[] }).items.filter((pod) => pod.metadata.deletionTimestamp === undefined);
}

export async function agentPods(): Promise<Pod[]> {
  const list = await kubectl(['-n', agentNamespace, 'get', 'pods', '-o', 'json']);
  return (JSON.parse(list) as { items: Pod[] }).items.filter((pod) => pod.metadata.deletionTimestamp === undefined);
}

/** The lease of the leader: its identity begins with the name of its pod. */
export interface Lease {
  spec?: { holderIdentity?: string; leaseTransitions?: number };
  status?: undefined;
}

export function leaderOf(lease: Lease): string {
  return lease.spec?.holderIdentity?.split('_')[0] ?? '';
}

/** Runs helm to its end; a code other than 0 is a result. */
export function helm(...args: readonly string[]): Promise<KubectlResult> {
  return new Promise((resolve) => {
    execFile('helm', [...args], { maxBuffer: 16 * 1024 * 1024, encoding: 'utf8' }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
    });
  });
}

/** What the leader's port for metrics serves. */
export async function leaderMetrics(): Promise<string> {
  const lease = await get<Lease>('lease', 'stillpoint-leader', operatorNamespace);
  return kubectl(['get', '--raw', `/api/v1/namespaces/${operatorNamespace}/pods/${leaderOf(lease ?? {})}:8080/proxy/metrics`]);
}
