import type { AppSnapshotStatus } from '../../api/appsnapshot.js';
import { appSnapshots, type AppSnapshot } from '../../api/kinds.js';
import type { Client } from '../../runtime/client.js';
import type { ContentCaches } from '../../snapshots/contents.js';
import type { PlannedClaim } from '../../snapshots/plan.js';
import type { OperatorDeps } from '../deps.js';
import { StatusWriter } from '../status-writer.js';

/** What the steps of an AppSnapshot share. */
export type SnapshotWriter = StatusWriter<AppSnapshotStatus, AppSnapshot>;

export function snapshotWriter(client: Client, clock: OperatorDeps['clock'], object: AppSnapshot): SnapshotWriter {
  // `verified` is written by the controller of AppRestore, under a field manager of its own.
  return new StatusWriter<AppSnapshotStatus, AppSnapshot>({ client, type: appSnapshots, clock, object, foreign: ['verified'] });
}

/** Where a window sees its cut. */
export function contentCaches(deps: OperatorDeps): ContentCaches {
  return { singles: deps.caches.snapshotContents, groups: deps.caches.groupSnapshotContents, known: deps.knownGroups };
}

/** The set of an object's status, as the functions of snapshots want it. */
export function setRef(object: AppSnapshot, setId: string): { namespace: string; setId: string } {
  return { namespace: object.metadata.namespace, setId };
}

/** The planned claims of a status, joined with the volumes that the caches know. A claim that is gone keeps an empty handle and matches nothing. */
export function plannedClaims(object: AppSnapshot): PlannedClaim[] {
  return (object.status?.members ?? []).map((m) => ({ name: m.claim, uid: m.uid, driver: m.driver, volumeHandle: m.volumeHandle ?? '' }));
}

/** Events and conditions use the same reason; the note is the sentence of the condition. */
export function tell(deps: OperatorDeps, object: AppSnapshot, type: 'Normal' | 'Warning', reason: string, note: string): void {
  deps.events.record({ regarding: object, type, reason, action: 'Snapshot', note });
}
