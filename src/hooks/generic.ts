import type { ApplicationAdapter, Detected, Preflight } from './adapter.js';
import type { NamespaceView, PodView } from './view.js';
import { isLive, mountedClaims, nameFor, owningWorkload } from './workload.js';

/** Nothing is known about its clients or peers, so the bound of every hold is the only limit (3-stillness.md, 3.3). */
const limitMillis = 10_000;

/** Workloads whose recovery nobody of us knows: they are frozen and their volumes synced, and that is all that is promised. */
export function genericAdapter(): ApplicationAdapter {
  return {
    kind: 'Generic',
    detect,
    preflight: (app) => Promise.resolve(preflight(app)),
    warmUp: () => Promise.resolve({}),
    evidence: () => Promise.resolve({}),
    contradictions: () => [],
    fixups: () => [],
    verify: () => Promise.resolve([{ name: 'recovery', outcome: 'Skipped', message: 'Kind Generic: no check of its data is known.' }]),
  };
}

/** One application for every workload that owns pods with claims. */
function detect(view: NamespaceView): Detected[] {
  const groups = new Map<string, PodView[]>();
  for (const pod of view.pods.filter((p) => isLive(p) && mountedClaims(p).size > 0)) {
    const { kind, name } = owningWorkload(pod);
    const key = `${kind}/${name}`;
    groups.set(key, [...(groups.get(key) ?? []), pod]);
  }
  return [...groups].map(([workload, pods]) => describe(workload, pods));
}

function describe(workload: string, pods: readonly PodView[]): Detected {
  const sorted = [...pods].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return {
    name: nameFor(workload.slice(workload.indexOf('/') + 1)),
    kind: 'Generic',
    pods: sorted.map((pod) => pod.metadata.name),
    container: Object.fromEntries(sorted.map((pod) => [pod.metadata.name, writingContainer(pod)])),
    rank: 0,
    by: workload,
    mode: 'Auto',
    credentialsSecret: undefined,
  };
}

/** The container that mounts a claim; the first one when none does. */
export function writingContainer(pod: PodView): string {
  const writer = pod.containers.find((c) => [...c.mounts, ...c.devices].some((m) => pod.claims[m.volume] !== undefined));
  return (writer ?? pod.containers[0])?.name ?? '';
}

function preflight(app: Detected): Preflight {
  return {
    version: undefined,
    roles: {},
    // A pod that does not run caps the grade by the claims that it could write: the plan names it.
    blockers: [],
    caps: [{ grade: 'CrashConsistentSynced', reason: `${app.name} is of kind Generic: how it recovers what it acknowledged is not known.` }],
    processName: '',
    settleMillis: 0,
    gatePorts: [],
    softLimitMillis: limitMillis,
    hardLimitMillis: limitMillis,
    facts: {},
  };
}
