import { z } from 'zod';
import { fail } from '../../api/errors.js';
import type { AdapterContext, Detected, Positions } from '../adapter.js';
import { commitsSql } from './commits.js';
import { parseRow, type Server } from './connection.js';
import { mayCheckpoint } from './inspection.js';
import { serversOf } from './servers.js';

/** A checkpoint of a busy server writes all of its dirty pages. */
const checkpointMillis = 300_000;

/** Longest value that status keeps. */
const valueLength = 256;

/** Ids of ours may stand in SQL as they are. */
export const setIdPattern = /^[a-z0-9-]{1,63}$/;

const row = z.object({
  primary: z.boolean(),
  markerFrom: z.string().nullish(),
  marker: z.string().nullish(),
  flushed: z.string().nullish(),
  timeline: z.string().nullish(),
  commits: z.string().nullish(),
  replayed: z.string().nullish(),
  started: z.string(),
});

/** The server's start, to the microsecond: another one means that it was restarted. */
export const startedSql = 'extract(epoch FROM pg_postmaster_start_time())::text';
/** Timeline that the primary writes on; the control file lags behind a promotion. */
export const timelineSql = "('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int::text";

/**
 * CHECKPOINT where the role may, on standbys too (a restart point), so that little is left for the sync and the
 * replay. On the primary then a marker that is committed synchronously: everything earlier is in the WAL file with it.
 */
function script(setId: string): string {
  return `SELECT ${mayCheckpoint} AS may, NOT pg_is_in_recovery() AS primary \\gset
\\if :may
CHECKPOINT;
\\endif
\\if :primary
BEGIN;
SET LOCAL synchronous_commit = on;
SELECT pg_current_wal_insert_lsn() AS marker_from, pg_logical_emit_message(true, 'stillpoint', '${setId}') AS marker \\gset
COMMIT;
SELECT json_build_object('primary', true, 'markerFrom', :'marker_from', 'marker', :'marker', 'flushed', pg_current_wal_flush_lsn()::text,
  'timeline', ${timelineSql}, 'commits', ${commitsSql}, 'started', ${startedSql});
\\else
SELECT json_build_object('primary', false, 'replayed', pg_last_wal_replay_lsn()::text, 'started', ${startedSql});
\\endif`;
}

/**
 * Warms every server up, in parallel. Positions: `marker`, `markerFrom`, `flushed`, `timeline`, `started`, and but for
 * the online method `commits` of the primary, `replayed` of the standbys. Throws AppError ApplicationNotReady.
 */
export async function warmUp(app: Detected, context: AdapterContext): Promise<Positions> {
  if (!setIdPattern.test(context.setId)) throw new RangeError(`not a set id: ${context.setId}`);
  const servers = await serversOf(app, context);
  const answers = await Promise.all(servers.map((server) => warm(server, context.setId)));
  const primaries = answers.filter((a) => a.primary);
  const [primary] = primaries;
  if (primary === undefined || primaries.length > 1) throw fail('ApplicationNotReady', `${app.name} has ${primaries.length} primaries; exactly one must write the marker.`);
  const { markerFrom, marker, flushed, timeline, started, commits } = primary;
  const replayed = answers.flatMap((a) => (a.primary || a.replayed == null ? [] : [`${a.pod} ${a.replayed}`]));
  const standbys = replayed.length === 0 ? {} : { replayed: replayed.join(', ').slice(0, valueLength), standbys: standbysText(answers) };
  return { markerFrom: markerFrom ?? '', marker: marker ?? '', flushed: flushed ?? '', timeline: timeline ?? '', started, ...(app.mode !== 'BackupAPI' && { commits: commits ?? '' }), ...standbys };
}

/** Every standby with its start, so that one that was restarted or promoted meanwhile is noticed. */
export function standbysText(answers: readonly { readonly primary: boolean; readonly pod: string; readonly started: string }[]): string {
  return answers.flatMap((a) => (a.primary ? [] : [`${a.pod} ${a.started}`])).join(', ').slice(0, valueLength);
}

async function warm(server: Server, setId: string): Promise<z.infer<typeof row> & { pod: string }> {
  const [line = ''] = await server.script(script(setId), { statementMillis: checkpointMillis });
  return { ...parseRow(line, row), pod: server.pod };
}
