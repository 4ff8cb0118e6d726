import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { operatorNamespace } from '../install/operator.js';
import { kubectl, tryKubectl, type KubectlResult } from '../lib/kubectl.js';

/** Who knocks: a name for the figures, and how kubectl becomes that one. */
export interface Identity {
  readonly name: string;
  readonly flags: readonly string[];
}

/** Whoever has the kubeconfig of the cluster: group system:masters, which RBAC never refuses. */
export const clusterAdmin: Identity = { name: 'cluster admin', flags: [] };

export const operatorUser = `system:serviceaccount:${operatorNamespace}:stillpoint`;

export function serviceAccount(namespace: string, name: string): Identity {
  return { name: `account ${name}`, flags: [`--as=system:serviceaccount:${namespace}:${name}`] };
}

let home: string | undefined;

/** The operator by its own token, as somebody has it who stole it; nothing of the admin's certificate is left. */
export async function operatorByToken(): Promise<Identity> {
  home ??= mkdtempSync(join(tmpdir(), 'stillpoint-admission-'));
  const file = join(home, 'kubeconfig');
  const [server, authority] = await Promise.all(['server', 'certificate-authority-data'].map((field) => kubectl(['config', 'view', '--minify', '--raw', '--flatten', '-o', `jsonpath={.clusters[0].cluster.${field}}`])));
  const token = await kubectl(['-n', operatorNamespace, 'create', 'token', 'stillpoint', '--duration=1h']);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'operator',
    clusters: [{ name: 'bed', cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: 'operator', user: { token } }],
    contexts: [{ name: 'operator', context: { cluster: 'bed', user: 'operator' } }],
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return { name: 'the operator’s token', flags: ['--kubeconfig', file] };
}

export function forgetIdentities(): void {
  if (home !== undefined) rmSync(home, { recursive: true, force: true });
  home = undefined;
}

/** kubectl as somebody. */
export function as(who: Identity, args: readonly string[], input?: string): Promise<KubectlResult> {
  return tryKubectl([...who.flags, ...args], input);
}
