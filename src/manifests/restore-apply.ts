import { labels } from '../api/common.js';
import type { Client } from '../runtime/client.js';
import type { KubeObject } from '../runtime/object.js';
import type { CapturedObject } from './captured.js';

/** Under which name the API server records what a restore has written. */
const restoreFieldManager = 'stillpoint-restore';

/** One server-side apply as a restore makes it, labelled with the restore's uid. Resolves with what the server has, or would have. */
export function restoreApply(
  client: Client,
  captured: CapturedObject,
  options: { readonly restoreUid: string; readonly force: boolean; readonly dryRun: boolean },
): Promise<KubeObject> {
  const { object } = captured;
  const metadata = { ...object.metadata, labels: { ...object.metadata.labels, [labels.restore]: options.restoreUid } };
  return client.apply(captured.type, { ...object, metadata }, { fieldManager: restoreFieldManager, force: options.force, dryRun: options.dryRun });
}
