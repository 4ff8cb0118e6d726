import type { AppSnapshotStatus } from '../../api/appsnapshot.js';
import type { AppSnapshot } from '../../api/kinds.js';
import { captureNamespace, changedBetween } from '../../manifests/capture.js';
import type { Capture } from '../../manifests/captured.js';
import { loadCapture, storeCapture } from '../../manifests/store.js';
import type { Client } from '../../runtime/client.js';
import type { ConditionInput } from '../../runtime/conditions.js';
import { discover } from '../../runtime/discovery.js';
import type { OperatorDeps } from '../deps.js';
import { accountOf } from './gather.js';

/** A capture that is stored. */
export interface TakenCapture {
  readonly status: NonNullable<AppSnapshotStatus['capture']>;
}

const shown = 64;

/** Saves the configuration as the account, before the window; undefined when the spec does not want it. */
export async function takeCapture(object: AppSnapshot, claims: readonly string[], deps: OperatorDeps): Promise<TakenCapture | undefined> {
  if (!object.spec.capture.enabled) return undefined;
  const client = deps.client.as(accountOf(object));
  const stored = await storeCapture(client, await read(client, object, claims), object);
  const missing = stored.missing.slice(0, shown).map((text) => text.slice(0, 512));
  return { status: { objects: stored.objects, digest: stored.digest, secrets: [...stored.secrets], ...(missing.length === 0 ? {} : { missing }) } };
}

/**
 * Configuration and data belong to the same instant: what changed since the capture is named. Read from what is stored, so that a comparison
 * that was cut short is made by whoever comes next. Undefined without a capture.
 */
export async function captureCondition(object: AppSnapshot, deps: OperatorDeps): Promise<ConditionInput | undefined> {
  const { capture, members } = object.status ?? {};
  if (capture === undefined) return undefined;
  const client = deps.client.as(accountOf(object));
  const before = await loadCapture(client, object.metadata.namespace, capture);
  const changed = changedBetween(before, await read(client, object, (members ?? []).map((m) => m.claim)));
  const missing = capture.missing ?? [];
  const problems = [
    ...(changed.length === 0 ? [] : [`changed while the copy was made: ${changed.join(', ')}`]),
    ...(missing.length === 0 ? [] : [`not in the capture: ${missing.join('; ')}`]),
  ];
  if (problems.length === 0) return { type: 'CaptureComplete', status: 'True', reason: 'CaptureComplete', message: `${capture.objects} objects, unchanged while the copy was made.` };
  return { type: 'CaptureComplete', status: 'False', reason: changed.length > 0 ? 'ConfigurationChanged' : 'CaptureIncomplete', message: `${capture.objects} objects; ${problems.join('. ')}.` };
}

/** What is said when the configuration cannot be compared: the copy is kept, and nothing is claimed. */
export function notCompared(why: string): ConditionInput {
  return { type: 'CaptureComplete', status: 'Unknown', reason: 'NotCompared', message: `Whether the configuration changed while the copy was made is not known: ${why}` };
}

async function read(client: Client, object: AppSnapshot, claims: readonly string[]): Promise<Capture> {
  const { include, exclude } = object.spec.capture;
  return captureNamespace({ client, discovery: await discover(client), namespace: object.metadata.namespace, memberClaims: claims, include, exclude });
}
