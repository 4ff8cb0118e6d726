import type { Cap, Positions } from '../adapter.js';

/** Roles and databases whose commits are acknowledged before they are in the WAL file: `role app in database shop`. */
export const asynchronousRoles = `SELECT concat_ws(' in ', 'role ' || r.rolname, 'database ' || d.datname) AS who
    FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) c
    LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
    WHERE lower(c) ~ '^synchronous_commit=(off|false|no|0|f|n)$'`;

/** Sources of a setting that speak of our session only, not of the server. */
export const sessionSources: readonly string[] = ['user', 'database', 'database user', 'client', 'session', 'override'];

/**
 * Sessions that no gate keeps out: those on a unix socket, which have no address. Our own do not count; all have this
 * name. A session that the role may not see has no type and counts. Walsenders run SQL as well. Workers of the server
 * itself (apply workers of a subscription, parallel workers, background workers of extensions) are not among them:
 * nobody is promised their commits (a subscription confirms to its publisher only what is flushed).
 */
export const localClients = `(SELECT count(*)::int FROM pg_stat_activity
    WHERE (backend_type IS NULL OR (backend_type IN ('client backend', 'walsender') AND client_addr IS NULL)) AND application_name IS DISTINCT FROM 'stillpoint')`;

const synchronous = 'synchronous';
const nobodyLocal = 'asynchronous, local clients: 0';

/** How commits are acknowledged at this moment, and who could be acknowledged past a gate. */
export const commitsSql = `CASE WHEN EXISTS (SELECT FROM pg_settings WHERE name = 'synchronous_commit'
      AND (setting = 'off' OR source IN (${sessionSources.map((source) => `'${source}'`).join(', ')}))) OR EXISTS (${asynchronousRoles})
    THEN 'asynchronous, local clients: ' || ${localClients} ELSE '${synchronous}' END`;

/**
 * What the looks before and after the hold say of clients that no gate keeps out. Where the WAL was flushed to after the
 * release says nothing: the server flushes what it lacked as soon as it runs on. Pure.
 */
export function commitContradictions({ commits }: Positions, { releasedCommits }: Positions): Cap[] {
  // The online method has no hold, and its end flushes what was acknowledged before.
  if (commits === undefined) return [];
  if (commits === releasedCommits && (commits === synchronous || commits === nobodyLocal)) return [];
  if (isSynchronous(commits) !== isSynchronous(releasedCommits)) {
    return [{ grade: 'CrashConsistentSynced', reason: `The synchronous_commit of PostgreSQL was changed while the copy was made (${commits} before, ${releasedCommits ?? 'unknown'} after): acknowledged transactions may be missing.` }];
  }
  return [{ grade: 'CrashConsistentSynced', reason: `PostgreSQL acknowledges commits before they are in the WAL file, and had clients on a unix socket, or hidden from the role used, which no gate keeps out (${commits} before, ${releasedCommits ?? 'unknown'} after).` }];
}

function isSynchronous(commits: string | undefined): boolean {
  return commits === synchronous;
}
