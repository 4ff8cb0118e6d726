import type { Cap } from '../adapter.js';
import { sessionSources } from './commits.js';

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

/** Roles and databases that a sentence names. */
const mostNamed = 8;

/**
 * Why somebody may be acknowledged before the commit is in the WAL file, within a sentence; undefined when nobody is.
 * Such a server must settle before it is frozen (settle.ts), or its grade is capped.
 */
export function settlingBecause(name: string, { settings, asynchronous }: DurabilitySettings): string | undefined {
  const commit = settings['synchronous_commit'];
  if (commit?.setting === 'off') return `synchronous_commit is off on ${name}`;
  if (asynchronous.length > 0) return `synchronous_commit is off on ${name} for ${asynchronous.slice(0, mostNamed).join(', ')}`;
  if (commit === undefined || sessionSources.includes(commit.source)) return `synchronous_commit of ${name} cannot be seen, the role used having one of its own`;
  return undefined;
}

/**
 * What the server's own settings take from the grade, whatever is done for the copy.
 *
 * `fsync = off`: the server orders nothing on its device, so no power cut is promised to be recoverable, and a copy is
 * one. A freeze with a sync after it happens to put everything there, but that is our order, not the server's: no more
 * than `CrashConsistent` is claimed. `full_page_writes = off`: a page torn by a cut cannot be repaired.
 */
export function durabilityCaps(name: string, { settings }: Pick<DurabilitySettings, 'settings'>): Cap[] {
  const caps: Cap[] = [];
  if (settings['fsync']?.setting === 'off') {
    caps.push({ grade: 'CrashConsistent', reason: `fsync is off on ${name}: the server does not order its writes, so that its recovery from a copy is not promised.` });
  }
  if (settings['full_page_writes']?.setting === 'off') {
    caps.push({ grade: 'CrashConsistentSynced', reason: `full_page_writes is off on ${name}: a page that a cut tears cannot be repaired.` });
  }
  return caps;
}
