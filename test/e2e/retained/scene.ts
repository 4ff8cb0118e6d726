import { expect } from '@jest/globals';
import { labels } from '../../../src/api/common.js';
import type { AppRestore, AppSnapshot } from '../../../src/api/kinds.js';
import { isGood } from '../../apps/postgresql/check.js';
import { operatorNamespace } from '../install/operator.js';
import { compare, counts, windowOf } from '../lib/compare.js';
import { readRows, type Database } from '../lib/database.js';
import { get, kubectl } from '../lib/kubectl.js';
import type { LoadHistory } from '../lib/load.js';
import { until } from '../lib/until.js';
import { watchUntil } from '../lib/watch.js';

/** What the parts of the suite share: a PostgreSQL that was copied under load, and the copy, which is retained. */
export interface Scene {
  readonly namespace: string;
  readonly copy: AppSnapshot;
  readonly history: LoadHistory;
  readonly database: Database;
}

export const goodRows = { lost: 0, extra: 0, duplicates: 0, gaps: 0, unknown: 0, good: true };

/** What is wrong with the rows of a restored database, against what the writer was promised. */
export async function rowsOf({ history, copy, database }: Scene, namespace: string): Promise<Record<string, unknown>> {
  const result = compare(history, windowOf(copy), await readRows({ ...database, namespace }));
  return { ...counts(result), good: isGood(result) };
}

/** An AppRestore of what was retained, into its own namespace. */
export function restoreRetained(namespace: string, name: string, uid: string, spec: Readonly<Record<string, unknown>> = {}): unknown {
  return { apiVersion: 'stillpoint.dev/v1alpha1', kind: 'AppRestore', metadata: { name, namespace }, spec: { serviceAccountName: 'stillpoint', from: { retained: uid }, existing: 'Skip', ...spec } };
}

/** The restore when it has ended. */
export function untilEnded(namespace: string, name: string, seconds = 180): Promise<AppRestore> {
  return watchUntil<AppRestore>('apprestores', name, namespace, 'is Ready or Failed', ({ status }) => status?.phase === 'Ready' || status?.phase === 'Failed', seconds);
}

export function untilSnapshot(namespace: string, name: string, what: string, holds: (object: AppSnapshot) => boolean, seconds = 60): Promise<AppSnapshot> {
  return watchUntil<AppSnapshot>('appsnapshots', name, namespace, what, holds, seconds);
}

export const conditionOf = (object: AppSnapshot, type: string) => object.status?.conditions?.find((c) => c.type === type);

/** Name of the Secret that makes it a recovery point. */
export function pointOf(uid: string): string {
  return `stillpoint-retained-${uid}`;
}

/** Names of all Secrets of a recovery point. */
export async function secretsOf(uid: string): Promise<string[]> {
  const all = await kubectl(['-n', operatorNamespace, 'get', 'secrets', '-o', 'name']);
  return all.split('\n').filter((line) => line.startsWith(`secret/${pointOf(uid)}`)).sort();
}

interface Content {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly deletionPolicy: string };
}

/** The contents of a copy, of groups and of single snapshots, whatever became of its namespace. */
export async function contentsOf(uid: string): Promise<Content[]> {
  const list = JSON.parse(await kubectl(['get', 'volumesnapshotcontents,volumegroupsnapshotcontents', '-l', `${labels.appSnapshot}=${uid}`, '-o', 'json'])) as { items: Content[] };
  return list.items;
}

/** All of it is there: every content stays, the first Secret and its parts are written. */
export async function expectWhole(uid: string): Promise<void> {
  const contents = await contentsOf(uid);
  expect(contents.length).toBeGreaterThan(1);
  expect(contents.map(({ kind, spec }) => [kind, spec.deletionPolicy])).toEqual(contents.map(({ kind }) => [kind, 'Retain']));
  const secrets = await secretsOf(uid);
  expect(secrets[0]).toBe(`secret/${pointOf(uid)}`);
  expect(secrets.length).toBeGreaterThan(1);
}

/** Waits until nothing of it is left: no content, no Secret. */
export async function untilNothingOf(uid: string, seconds = 90): Promise<void> {
  let left: string[] = [];
  await until(`nothing of ${uid} is left`, async () => (left = [...(await contentsOf(uid)).map(({ metadata }) => metadata.name), ...(await secretsOf(uid))]).length === 0, seconds, 500).catch((error: unknown) => {
    throw new Error(`left: ${left.join(', ')}`, { cause: error });
  });
}

/** As an admin does it who wants the data gone. */
export async function deletePoint(uid: string): Promise<void> {
  await kubectl(['-n', operatorNamespace, 'delete', 'secret', pointOf(uid), '--ignore-not-found', '--wait=false']);
}

/** Removes what runs of the suite have left in the operator's namespace: the AppSnapshots must be gone. */
export async function clearRetained(namespace: string): Promise<void> {
  const selector = `${labels.retained}=true,${labels.sourceNamespace}=${namespace}`;
  await kubectl(['-n', operatorNamespace, 'delete', 'secrets', '-l', selector, '--ignore-not-found', '--wait=true', '--timeout=90s']);
}

export async function setPolicy(namespace: string, name: string, deletionPolicy: 'Delete' | 'Retain'): Promise<void> {
  await kubectl(['-n', namespace, 'patch', 'asnap', name, '--type=merge', '-p', JSON.stringify({ spec: { deletionPolicy } })]);
}

export async function readSnapshot(namespace: string, name: string): Promise<AppSnapshot> {
  const found = await get<AppSnapshot>('appsnapshot', name, namespace);
  if (found === undefined) throw new Error(`no AppSnapshot ${namespace}/${name}`);
  return found;
}
