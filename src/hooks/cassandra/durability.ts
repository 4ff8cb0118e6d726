import type { Cap } from '../adapter.js';
import type { CommitLog } from './configuration.js';

/** DEFAULT_MARKER_INTERVAL_MILLIS of AbstractCommitLogService: not a setting. */
const markerMillis = 100;

/**
 * Time that the server must run on without clients before a freeze. In periodic mode the replay stops at the last sync
 * marker of a segment, which is written every 100 ms: three of them, as measured (notes/quiesce.md, 8.2). In batch and
 * group mode a write is acknowledged after its sync.
 */
export function settleMillis({ sync, buffered }: CommitLog): number {
  return sync === 'periodic' && buffered === undefined ? 3 * markerMillis : 0;
}

/**
 * What the commit log takes from the grade. A buffered log in periodic mode is in the memory of the server for up to
 * commitlog_sync_period, which no freeze and no sync reaches; only a flush behind a fence does, and nodetool, one JVM for
 * each call, is too slow for that within the longest hold (10.2 s on three nodes, measured).
 */
export function durabilityCaps(name: string, { sync, buffered }: CommitLog): Cap[] {
  if (sync !== 'periodic' || buffered === undefined) return [];
  const way = 'set commitlog_sync to batch or group, or use a commit log that is neither compressed nor encrypted with commitlog_disk_access_mode legacy or mmap';
  return [{ grade: 'CrashConsistentSynced', reason: `The commit log of ${name} is ${buffered} and periodic: acknowledged writes may be in memory only, which no freeze reaches, and nodetool is too slow to flush it during a hold; ${way}.` }];
}
