import type { AppRestore, AppSnapshot } from '../../../src/api/kinds.js';
import { apply, kubectl, tryKubectl } from './kubectl.js';
import { appRestore, appSnapshot } from './tenant.js';
import { until } from './until.js';
import { watchUntil } from './watch.js';

type Status = AppSnapshot['status'] | AppRestore['status'];

/** Applies an AppSnapshot and returns it as soon as it is Ready or Failed. */
export async function takeCopy(namespace: string, name: string, spec: Readonly<Record<string, unknown>> = {}, seconds = 60): Promise<AppSnapshot> {
  await apply([appSnapshot(namespace, name, spec)]);
  return watchUntil<AppSnapshot>('appsnapshots', name, namespace, 'is Ready or Failed', isSettled, seconds);
}

/** Applies an AppRestore and returns it as soon as it is Ready or Failed. */
export async function restoreCopy(namespace: string, name: string, from: string, spec: Readonly<Record<string, unknown>> = {}, seconds = 120): Promise<AppRestore> {
  await apply([appRestore(namespace, name, from, spec)]);
  return watchUntil<AppRestore>('apprestores', name, namespace, 'is Ready or Failed', isSettled, seconds);
}

/** Applies an object and returns it as soon as its condition Ready carries one of the reasons. */
export async function untilReason<T extends { status?: Status }>(resource: string, namespace: string, name: string, reasons: readonly string[], seconds = 60): Promise<T> {
  return watchUntil<T>(resource, name, namespace, `has reason ${reasons.join(' or ')}`, (o) => reasons.includes(readyOf(o.status)?.reason ?? ''), seconds);
}

function isSettled(object: { status?: Status }): boolean {
  return object.status?.phase === 'Ready' || object.status?.phase === 'Failed';
}

/** The condition Ready. */
export function readyOf(status: Pick<NonNullable<Status>, 'conditions'> | undefined): NonNullable<NonNullable<Status>['conditions']>[number] | undefined {
  return status?.conditions?.find((c) => c.type === 'Ready');
}

interface EventObject {
  involvedObject: { name: string; kind: string };
  reason: string;
  message: string;
  type: string;
}

/** Events about one object. */
export async function eventsOf(namespace: string, name: string): Promise<EventObject[]> {
  const list = JSON.parse(await kubectl(['-n', namespace, 'get', 'events', '-o', 'json'])) as { items: EventObject[] };
  return list.items.filter((e) => e.involvedObject.name === name);
}

interface Content {
  metadata: { name: string };
  spec: { volumeSnapshotRef?: { namespace: string }; volumeGroupSnapshotRef?: { namespace: string } };
}

/** Names of every snapshot object of a namespace: snapshots, groups, and the contents of both, which are cluster-scoped. */
export async function snapshotObjects(namespace: string): Promise<string[]> {
  const own = await kubectl(['-n', namespace, 'get', 'volumesnapshots,volumegroupsnapshots', '-o', 'name']);
  const contents = JSON.parse(await kubectl(['get', 'volumesnapshotcontents,volumegroupsnapshotcontents', '-o', 'json'])) as { items: Content[] };
  const bound = contents.items.filter((c) => (c.spec.volumeSnapshotRef ?? c.spec.volumeGroupSnapshotRef)?.namespace === namespace);
  return [...own.split('\n').filter((line) => line !== ''), ...bound.map((c) => c.metadata.name)];
}

/** Waits until nothing is left of any copy of the namespace. */
export async function untilNoSnapshots(namespace: string, seconds = 60): Promise<void> {
  let left: string[] = [];
  await until(`no snapshot objects of ${namespace}`, async () => (left = await snapshotObjects(namespace)).length === 0, seconds, 500).catch((error: unknown) => {
    throw new Error(`left: ${left.join(', ')}`, { cause: error });
  });
}

/** Deletes an object of ours and waits until its finalizer has done its work. */
export async function deleteAndWait(resource: string, namespace: string, name: string, seconds = 60): Promise<void> {
  await kubectl(['-n', namespace, 'delete', resource, name, '--ignore-not-found', '--wait=true', `--timeout=${seconds}s`]);
}

/** What a user sees when something failed, for the message of a failed test. */
export async function describe(resource: string, namespace: string, name: string): Promise<string> {
  return (await tryKubectl(['-n', namespace, 'describe', resource, name])).stdout;
}
