import { kubectl } from './kubectl.js';

const dropped = new Set<string>();

/** Deletes a namespace and goes on; {@link untilDropped} waits for it at the end of the suite. */
export async function dropNamespace(namespace: string): Promise<void> {
  dropped.add(namespace);
  await kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']);
}

/** Waits until every dropped namespace is gone; throws with kubectl's words when one stays. */
export async function untilDropped(): Promise<void> {
  const names = [...dropped].map((name) => `namespace/${name}`);
  dropped.clear();
  if (names.length > 0) await kubectl(['wait', '--for=delete', ...names, '--timeout=150s']);
}

/** Removes what a killed run of the suite has left: namespaces whose name begins so. */
export async function clearNamespaces(prefix: string, seconds = 150): Promise<void> {
  const all = (await kubectl(['get', 'namespaces', '-o', 'name'])).split('\n');
  const left = all.filter((name) => name.startsWith(`namespace/${prefix}`));
  if (left.length > 0) await kubectl(['delete', ...left, '--ignore-not-found', '--wait=true', `--timeout=${seconds}s`]);
}
