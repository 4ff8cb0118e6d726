import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubectl } from '../lib/kubectl.js';
import { until } from '../lib/until.js';

/** The test cluster from the host's side: its processes and its operator. */

const state = join(process.env['STILLPOINT_BED'] ?? '/var/tmp/stillpoint-bed', process.env['BED'] ?? 'a');

export async function apiServerUrl(): Promise<string> {
  return kubectl(['config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}']);
}

/** Pid of a process of the control plane or the node. Throws when it does not run. */
export function pidOf(process: string): number {
  const [pid = '', started] = readFileSync(join(state, 'run', `${process}.pid`), 'utf8').trim().split(' ');
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  if (stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] !== started) throw new Error(`${process} does not run`);
  return Number(pid);
}

const namespace = 'stillpoint-system';
const deployment = 'deployment/stillpoint';

/** Brings the cluster's operator back where a killed run has left it paused. */
export async function operatorRuns(): Promise<void> {
  if ((await replicasOf()) !== '0') return;
  await kubectl(['-n', namespace, 'scale', deployment, '--replicas=2']);
  await kubectl(['-n', namespace, 'rollout', 'status', deployment, '--timeout=120s']);
}

function replicasOf(): Promise<string> {
  return kubectl(['-n', namespace, 'get', deployment, '-o', 'jsonpath={.spec.replicas}']);
}

/** Stops the operator of the cluster, so that one of our own leads; returns what puts it back. */
export async function pauseOperator(): Promise<() => Promise<void>> {
  const replicas = await replicasOf();
  await kubectl(['-n', namespace, 'scale', deployment, '--replicas=0']);
  await until('no pod of the operator runs', async () => (await kubectl(['-n', namespace, 'get', 'pods', '-l', 'app.kubernetes.io/component=operator', '-o', 'name'])) === '', 60, 200);
  return async () => {
    await kubectl(['-n', namespace, 'scale', deployment, `--replicas=${replicas}`]);
    await kubectl(['-n', namespace, 'rollout', 'status', deployment, '--timeout=120s']);
  };
}

/** Frees the lease of a leader that is dead, so that the next need not wait for it to run out: harder for what it left behind. */
export async function freeLease(): Promise<void> {
  await kubectl(['-n', namespace, 'patch', 'lease', 'stillpoint-leader', '--type=merge', '-p', JSON.stringify({ spec: { holderIdentity: '' } })]);
}

/** A token of the operator's own account. */
export function operatorToken(): Promise<string> {
  return kubectl(['-n', namespace, 'create', 'token', 'stillpoint', '--duration=2h']);
}
