import { z } from 'zod';
import { fail } from '../../api/errors.js';
import type { AdapterContext, Cap, Detected, Positions } from '../adapter.js';
import { commitContradictions, commitsSql } from './commits.js';
import { compareLsn } from './lsn.js';
import { serversOf } from './servers.js';
import { standbysText, startedSql, timelineSql } from './warmup.js';

const row = z.object({ primary: z.boolean(), inserted: z.string().nullable(), flushed: z.string().nullable(), timeline: z.string().nullable(), commits: z.string().nullable(), started: z.string() });

// CASE keeps functions that a standby refuses from being called there.
const select = `SELECT NOT pg_is_in_recovery() AS primary, ${startedSql} AS started,
  CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_insert_lsn()::text END AS inserted,
  CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn()::text END AS flushed,
  CASE WHEN NOT pg_is_in_recovery() THEN ${timelineSql} END AS timeline,
  CASE WHEN NOT pg_is_in_recovery() THEN ${commitsSql} END AS commits`;

/**
 * Positions of the primary after the release: nothing in the copy can be later than `releasedInserted`.
 * Throws AppError ApplicationNotReady when there is no single primary that answers.
 */
export async function evidence(app: Detected, context: AdapterContext): Promise<Positions> {
  const servers = await serversOf(app, context);
  const answers = (await Promise.all(servers.map(async (server) => (await server.rows(select, row)).map((a) => ({ ...a, pod: server.pod }))))).flat();
  const [primary, ...others] = answers.filter((a) => a.primary);
  if (primary === undefined || others.length > 0) throw fail('ApplicationNotReady', `${app.name} has ${primary === undefined ? 0 : others.length + 1} primaries after the hold; exactly one was held.`);
  return { releasedInserted: primary.inserted ?? '', releasedFlushed: primary.flushed ?? '', releasedTimeline: primary.timeline ?? '', releasedStarted: primary.started, releasedCommits: primary.commits ?? '', ...(answers.length > 1 && { releasedStandbys: standbysText(answers) }) };
}

/** What the two say against the copy: a server that was restarted or replaced in between was not held, whatever the holder says. */
export function contradictions(before: Positions, after: Positions): Cap[] {
  const caps: Cap[] = [];
  if (before['started'] !== after['releasedStarted']) {
    caps.push({ grade: 'CrashConsistent', reason: 'The PostgreSQL primary was restarted or replaced during the window.' });
  }
  if (before['timeline'] !== after['releasedTimeline']) {
    caps.push({ grade: 'CrashConsistent', reason: `The PostgreSQL timeline changed during the window, from ${before['timeline'] ?? 'unknown'} to ${after['releasedTimeline'] ?? 'unknown'}.` });
  }
  if (before['standbys'] !== after['releasedStandbys']) {
    caps.push({ grade: 'CrashConsistent', reason: 'A PostgreSQL standby was restarted, replaced or promoted during the window.' });
  }
  if (!flushedPast(before['marker'], after['releasedFlushed'])) {
    caps.push({ grade: 'CrashConsistent', reason: 'The WAL of PostgreSQL was not flushed past the marker of this copy.' });
  }
  return [...caps, ...commitContradictions(before, after)];
}

function flushedPast(marker: string | undefined, flushed: string | undefined): boolean {
  return marker !== undefined && marker !== '' && flushed !== undefined && flushed !== '' && compareLsn(flushed, marker) >= 0;
}
