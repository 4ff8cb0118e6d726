import type { Cap } from '../adapter.js';

/** A setting as `pg_settings` has it. `source` says where the value of our own session comes from. */
export interface Setting {
  readonly setting: string;
  readonly source: string;
}

export interface DurabilitySettings {
  readonly settings: Readonly<Record<string, Setting>>;
  /** Who runs with `synchronous_commit` off by ALTER ROLE or ALTER DATABASE: `role app`, `database shop`. */
  readonly asynchronous: readonly string[];
}

/** Sources that speak of our session only, not of the server. */
const sessionSources = new Set(['user', 'database', 'database user', 'client', 'session', 'override']);

/** True when somebody may be acknowledged before the commit is in the WAL file. */
export function isAsynchronous(durability: DurabilitySettings): boolean {
  return durability.settings['synchronous_commit']?.setting === 'off' || durability.asynchronous.length > 0;
}

/**
 * What the server's own settings take from the grade.
 *
 * `fsync = off`: the server orders nothing on its device, so no power cut is promised to be recoverable, and a copy is
 * one. A freeze with a sync after it happens to put everything there, but that is our order, not the server's: no more
 * than `CrashConsistent` is claimed. `full_page_writes = off`: a page torn by a cut cannot be repaired.
 * `synchronous_commit = off`: what was acknowledged within the last three `wal_writer_delay` may be in memory only,
 * which no sync reaches (3-stillness.md, 3.4).
 */
export function durabilityCaps(name: string, durability: DurabilitySettings): Cap[] {
  const caps: Cap[] = [];
  const { settings, asynchronous } = durability;
  if (settings['fsync']?.setting === 'off') {
    caps.push({ grade: 'CrashConsistent', reason: `fsync is off on ${name}: the server does not order its writes, so that its recovery from a copy is not promised.` });
  }
  if (settings['full_page_writes']?.setting === 'off') {
    caps.push({ grade: 'CrashConsistentSynced', reason: `full_page_writes is off on ${name}: a page that a cut tears cannot be repaired.` });
  }
  const commit = settings['synchronous_commit'];
  if (commit?.setting === 'off') {
    caps.push({ grade: 'CrashConsistentSynced', reason: `synchronous_commit is off on ${name}: acknowledged transactions may be in memory only.` });
  } else if (asynchronous.length > 0) {
    caps.push({ grade: 'CrashConsistentSynced', reason: `synchronous_commit is off on ${name} for ${asynchronous.slice(0, 8).join(', ')}: their acknowledged transactions may be in memory only.` });
  } else if (commit === undefined || sessionSources.has(commit.source)) {
    caps.push({ grade: 'CrashConsistentSynced', reason: `The synchronous_commit of ${name} cannot be seen: the role used has one of its own.` });
  }
  return caps;
}
