import { expect } from '@jest/globals';
import { labels } from '../../../src/api/common.js';
import type { AppSnapshot, VolumePolicy } from '../../../src/api/kinds.js';
import type { DrillResult, DrillStatus } from '../../../src/api/volumepolicy.js';
import { helm, operatorNamespace } from '../install/operator.js';
import { pauseOperator } from '../kill/cluster.js';
import type { Database } from '../lib/database.js';
import { get, kubectl } from '../lib/kubectl.js';
import { until } from '../lib/until.js';
import { watchUntil } from '../lib/watch.js';

/** What the parts of the suite share: a PostgreSQL and a policy that drills its copies. */
export interface Scene {
  readonly namespace: string;
  readonly policy: string;
  readonly database: Database;
}

/** Of the operators that the test starts itself: what the chart tells its own. */
export const drillSettings = { DRILLS_ENABLED: 'true', DRILLS_REQUIRE_ISOLATION: 'false' } as const;

/**
 * Switches drills of the installed release on or off, and waits until its operators know. The network of the test cluster enforces no NetworkPolicy. Off, while no operator runs: for what
 * it has lost the right to it would ask once more.
 */
export async function switchDrills(on: boolean): Promise<void> {
  if (!on) await pauseOperator();
  const { code, stderr } = await helm('upgrade', 'stillpoint', 'charts/stillpoint', '-n', operatorNamespace, '--reuse-values', '--set', `drills.enabled=${on},drills.requireIsolation=false`, '--wait', '--timeout', '180s');
  if (code !== 0) throw new Error(stderr);
}

export async function readPolicy({ namespace, policy }: Scene): Promise<VolumePolicy> {
  const found = await get<VolumePolicy>('volumepolicy', policy, namespace);
  if (found === undefined) throw new Error(`no VolumePolicy ${namespace}/${policy}`);
  return found;
}

export function untilPolicy({ namespace, policy }: Scene, what: string, holds: (object: VolumePolicy) => boolean, seconds: number): Promise<VolumePolicy> {
  return watchUntil<VolumePolicy>('volumepolicies', policy, namespace, what, holds, seconds);
}

export const conditionOf = (object: VolumePolicy, type: string) => object.status?.conditions?.find((c) => c.type === type);

/** Lets one drill begin, on the next minute, and no other after it. */
export async function beginDrill(scene: Scene): Promise<DrillStatus> {
  await suspend(scene, false);
  const begun = await untilPolicy(scene, 'has begun a drill', (o) => o.status?.drill?.phase === 'Running', 100);
  await suspend(scene, true);
  return begun.status!.drill!;
}

/** Waits for the result of a drill, and until it is over. */
export async function untilOver(scene: Scene, drill: DrillStatus, seconds = 240): Promise<DrillResult> {
  const over = await untilPolicy(scene, 'is over with its drill', (o) => o.status?.lastDrill?.due === drill.due && o.status.drill === undefined, seconds);
  return over.status!.lastDrill!;
}

/** Waits for a copy that was begun after this: one that is under way may be of what was before. */
export async function untilFreshCopy(scene: Scene): Promise<AppSnapshot> {
  const next = await untilCopy(scene, (await readPolicy(scene)).status?.lastCopy?.name);
  return untilCopy(scene, next.metadata.name);
}

/** Waits for a copy of the policy that is ready and not this one. */
export async function untilCopy(scene: Scene, after?: string): Promise<AppSnapshot> {
  const told = await untilPolicy(scene, 'has a new copy', (o) => o.status?.lastCopy !== undefined && o.status.lastCopy.name !== after, 100);
  return (await get<AppSnapshot>('appsnapshot', told.status!.lastCopy!.name, scene.namespace))!;
}

async function suspend({ namespace, policy }: Scene, value: boolean): Promise<void> {
  await kubectl(['-n', namespace, 'patch', 'vpol', policy, '--type=merge', '-p', JSON.stringify({ spec: { protection: { verify: { suspend: value } } } })]);
}

interface Named {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: { readonly claimRef?: { readonly namespace: string }; readonly volumeSnapshotRef?: { readonly namespace: string }; readonly into?: { readonly namespace: string } };
}

/** Everything in the cluster that is of drills of a namespace. */
async function leftOf(namespace: string): Promise<string[]> {
  const list = async (resource: string, ...flags: string[]): Promise<Named[]> => (JSON.parse(await kubectl([...flags, 'get', resource, '-o', 'json'])) as { items: Named[] }).items;
  const of = (name: string | undefined): boolean => name?.startsWith(`${namespace}-drill-`) === true;
  const [namespaces, restores, contents, volumes] = await Promise.all([list('namespaces'), list('apprestores', '-n', namespace), list('volumesnapshotcontents'), list('persistentvolumes')]);
  const staged = await list('persistentvolumeclaims,volumesnapshots', '-n', namespace);
  return [
    ...staged.filter(({ metadata }) => metadata.name.endsWith('-staged')),
    ...namespaces.filter(({ metadata }) => of(metadata.name) && metadata.labels?.[labels.drill] !== undefined),
    ...restores.filter(({ metadata }) => of(metadata.name)),
    ...contents.filter(({ spec }) => of(spec?.volumeSnapshotRef?.namespace)),
    ...volumes.filter(({ spec }) => of(spec?.claimRef?.namespace)),
  ].map(({ metadata }) => metadata.name);
}

/** Waits until no namespace, restore, imported content or volume of a drill is there, nor what was staged for it. */
export async function untilNothingLeft(namespace: string, seconds = 90): Promise<void> {
  let left: string[] = [];
  await until(`nothing of a drill of ${namespace}`, async () => (left = await leftOf(namespace)).length === 0, seconds, 1000).catch((error: unknown) => {
    throw new Error(`left: ${left.join(', ')}`, { cause: error });
  });
  expect(left).toEqual([]);
}
