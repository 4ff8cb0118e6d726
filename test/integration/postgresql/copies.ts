import type { CopiedApplication, Detected, FixupStep, Positions, Preflight } from '../../../src/hooks/adapter.js';
import { until } from '../api/kubectl.js';
import type { TestNamespace } from './namespace.js';

const setLabel = 'it.stillpoint.dev/cut';

/** Cuts the claims at one instant, and waits until volumes can be made from it. Resolves with claim → snapshot. */
export async function cut(namespace: TestNamespace, name: string, claims: readonly string[]): Promise<Record<string, string>> {
  await namespace.kubectl('label', 'pvc', '--overwrite', ...claims, `${setLabel}=${name}`);
  const spec = { volumeGroupSnapshotClassName: 'bed-atomic', source: { selector: { matchLabels: { [setLabel]: name } } } };
  await namespace.apply([{ apiVersion: 'groupsnapshot.storage.k8s.io/v1', kind: 'VolumeGroupSnapshot', metadata: { name }, spec }]);
  await namespace.kubectl('wait', '--for=jsonpath={.status.readyToUse}=true', '--timeout=50s', `volumegroupsnapshot/${name}`);
  interface Snapshot {
    metadata: { name: string; ownerReferences?: { name: string }[] };
    spec: { source: { persistentVolumeClaimName?: string } };
    status?: { readyToUse?: boolean };
  }
  const ask = async (): Promise<Snapshot[]> => {
    const list = JSON.parse(await namespace.kubectl('get', 'volumesnapshots', '-o', 'json')) as { items: Snapshot[] };
    return list.items.filter((s) => s.status?.readyToUse === true && s.metadata.ownerReferences?.some((o) => o.name === name) === true);
  };
  const members = await until(`members of ${name}`, ask, (found) => found.length === claims.length);
  return Object.fromEntries(members.map((s) => [s.spec.source.persistentVolumeClaimName ?? '', s.metadata.name]));
}

/** Claims `data-COPY-0` and `wal-COPY-0` from the snapshots of the claims of `original`. */
export async function claimsFrom(namespace: TestNamespace, snapshots: Record<string, string>, original: string, copy: string, size: string): Promise<void> {
  const objects = Object.entries(snapshots).map(([claim, snapshot]) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: claim.replace(`-${original}-`, `-${copy}-`) },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: size } },
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: snapshot },
    },
  }));
  await namespace.apply(objects);
}

/** Runs a command in a pod of the server's image with the claims of a copy mounted. Resolves with exit code and output. */
export async function runBeside(namespace: TestNamespace, image: string, copy: string, command: readonly string[]): Promise<{ code: number; output: string }> {
  const name = `step-${copy}`;
  const volumes = ['data', 'wal'].map((v) => ({ name: v, persistentVolumeClaim: { claimName: `${v}-${copy}-0` } }));
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsUser: 999, runAsGroup: 999 },
      containers: [{ name: 'postgres', image, imagePullPolicy: 'IfNotPresent', command, volumeMounts: volumes.map((v) => ({ name: v.name, mountPath: `/${v.name}` })) }],
      volumes,
    },
  };
  await namespace.apply([pod]);
  const phase = await until(`pod ${name} has ended`, () => namespace.kubectl('get', 'pod', name, '-o', 'jsonpath={.status.phase}'), (p) => p === 'Succeeded' || p === 'Failed', 60_000);
  const output = await namespace.kubectl('logs', name);
  await namespace.kubectl('delete', 'pod', name, '--wait=true');
  return { code: phase === 'Succeeded' ? 0 : 1, output };
}

/** Runs fix-ups of an application whose single member is restored under another name. */
export async function runSteps(namespace: TestNamespace, image: string, copy: string, steps: readonly FixupStep[]): Promise<void> {
  for (const step of steps) {
    const { code, output } = await runBeside(namespace, image, copy, step.command);
    if (code !== 0) throw new Error(`step ${step.name}: ${output}`);
  }
}

/** What a recovery point would say of the application. */
export function copied(app: Detected, preflight: Preflight, setId: string, positions: Positions): CopiedApplication {
  const members = app.pods.map((pod) => ({ pod, role: preflight.roles[pod] ?? '', container: app.container[pod] ?? '' }));
  return { name: app.name, kind: app.kind, version: preflight.version, members, positions, facts: preflight.facts, startFiles: [], setId };
}
