import type { AppSnapshotStatus } from '../../api/appsnapshot.js';
import type { AppSnapshot } from '../../api/kinds.js';
import { captureNamespace, changedBetween } from '../../manifests/capture.js';
import type { Capture } from '../../manifests/captured.js';
import { storeCapture } from '../../manifests/store.js';
import { discover } from '../../runtime/discovery.js';
import type { OperatorDeps } from '../deps.js';
import { accountOf } from './gather.js';

/** A capture that is stored, and how to see whether the configuration has changed since. */
export interface TakenCapture {
  readonly status: NonNullable<AppSnapshotStatus['capture']>;
  /** Names of objects that differ now; a few seconds later this is the configuration after the window. */
  changedSince(): Promise<string[]>;
}

const shown = 64;

/** Saves the configuration as the account, before the window; undefined when the spec does not want it. */
export async function takeCapture(object: AppSnapshot, claims: readonly string[], deps: OperatorDeps): Promise<TakenCapture | undefined> {
  const { enabled, include, exclude } = object.spec.capture;
  if (!enabled) return undefined;
  const client = deps.client.as(accountOf(object));
  const read = async (): Promise<Capture> =>
    captureNamespace({ client, discovery: await discover(client), namespace: object.metadata.namespace, memberClaims: claims, include, exclude });
  const capture = await read();
  const stored = await storeCapture(client, capture, object);
  const missing = stored.missing.slice(0, shown).map((text) => text.slice(0, 512));
  return {
    status: { objects: stored.objects, digest: stored.digest, secrets: [...stored.secrets], ...(missing.length === 0 ? {} : { missing }) },
    changedSince: async () => changedBetween(capture, await read()),
  };
}
