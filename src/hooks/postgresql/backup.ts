import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { StartFile } from '../../api/appsnapshot.js';
import { fail } from '../../api/errors.js';
import type { AdapterContext, Detected, OnlineEvidence, OnlineSession, Positions, Preflight } from '../adapter.js';
import { serversOf } from './servers.js';
import type { Session } from './session.js';
import { setIdPattern } from './warmup.js';

/** The start waits for a checkpoint, and a window may take its time to open. */
const sessionMillis = 600_000;
/** Longest content that status keeps. */
const fileLength = 16_384;

const started = z.object({ start: z.string() });
const stopped = z.object({ at: z.string(), from: z.string(), marker: z.string(), stop: z.string(), label: z.string(), map: z.string().nullable() });
const kept = z.object({ wal: z.string() });

/** Begins a backup on the primary. The server aborts it when the session ends, whoever ends it. */
export async function beginBackup(app: Detected, { roles, facts }: Preflight, context: AdapterContext): Promise<OnlineSession> {
  if (!setIdPattern.test(context.setId)) throw new RangeError(`not a set id: ${context.setId}`);
  const server = (await serversOf(app, context)).find((s) => roles[s.pod] === 'primary');
  if (server === undefined) throw fail('ApplicationNotReady', `${app.name} has no primary to back up.`);
  const major = Number(facts['major']);
  const session = await server.session(sessionMillis, major);
  try {
    const { start } = await session.ask(startSql(context.setId, major), started);
    return new Backup(session, { setId: context.setId, major, start, pod: server.pod });
  } catch (error) {
    session.close();
    throw error;
  }
}

/**
 * The dead man's switches: an idle session ends after two minutes, a lost client is noticed in a long statement, too. The
 * temporary slot keeps the WAL from the start on until the session ends, past any checkpoint (notes/quiesce.md, 6.5).
 */
function startSql(setId: string, major: number): string {
  const start = major >= 15 ? 'pg_backup_start' : 'pg_start_backup';
  return `SET idle_session_timeout = '120s'; SET client_connection_check_interval = '1s';
SELECT FROM pg_create_physical_replication_slot('${slotOf(setId)}', true, true);
SELECT json_build_object('start', ${start}('stillpoint-${setId}', true${major >= 15 ? '' : ', false'})::text);`;
}

/** Everything acknowledged before the first statement is flushed with the marker, and so is in the WAL that is cut after this. */
function stopSql(setId: string, major: number): string {
  const stop = major >= 15 ? 'pg_backup_stop(false)' : 'pg_stop_backup(false, false)';
  return `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at \\gset
BEGIN;
SET LOCAL synchronous_commit = on;
SELECT pg_current_wal_insert_lsn() AS marker_from, pg_logical_emit_message(true, 'stillpoint', '${setId}') AS marker \\gset
COMMIT;
SELECT json_build_object('at', :'at', 'from', :'marker_from', 'marker', :'marker', 'stop', lsn::text, 'label', labelfile, 'map', spcmapfile) FROM ${stop};`;
}

function slotOf(setId: string): string {
  return `stillpoint_${setId.replaceAll('-', '_')}`.slice(0, 63);
}

interface Begun {
  readonly setId: string;
  readonly major: number;
  /** Position from which recovery will begin. */
  readonly start: string;
  readonly pod: string;
}

class Backup implements OnlineSession {
  readonly #session: Session;
  readonly #begun: Begun;
  #evidence: OnlineEvidence | undefined;

  constructor(session: Session, begun: Begun) {
    this.#session = session;
    this.#begun = begun;
  }

  async stop(): Promise<void> {
    const { setId, major, start } = this.#begun;
    const { at, from, marker, stop, label, map } = await this.#session.ask(stopSql(setId, major), stopped);
    const positions: Positions = { markerFrom: from, marker, backupStart: start, backupStop: stop, backupStopAt: at };
    this.#evidence = { positions, startFiles: [startFile('backup_label', label), ...(map === null || map === '' ? [] : [startFile('tablespace_map', map)])] };
  }

  async evidence(): Promise<OnlineEvidence> {
    const { pod, setId } = this.#begun;
    if (this.#evidence === undefined) throw fail('ApplicationNotReady', `The backup of pod ${pod} was not ended before its WAL was cut.`);
    const { wal } = await this.#session.ask(`SELECT json_build_object('wal', wal_status) FROM pg_replication_slots WHERE slot_name = '${slotOf(setId)}';`, kept);
    if (wal === 'reserved' || wal === 'extended') return this.#evidence;
    throw fail('ApplicationNotReady', `Pod ${pod} dropped WAL of the copy before its volume was cut (slot is ${wal}): raise max_slot_wal_keep_size.`);
  }

  close(): void {
    this.#session.close();
  }
}

/** Throws AppError HoldNotPossible for what status cannot keep. */
function startFile(name: string, content: string): StartFile {
  if (content.length > fileLength) throw fail('HoldNotPossible', `${name} of this server has ${content.length} characters, and a copy keeps ${fileLength}: it has too many tablespaces for mode BackupAPI.`);
  return { name, content, sha256: digestOf(content) };
}

/** The content as the server gave it, or an error for one that was changed since. */
export function contentOf(files: readonly StartFile[], name: string): string | undefined {
  const file = files.find((f) => f.name === name);
  if (file === undefined || digestOf(file.content) === file.sha256) return file?.content;
  throw fail('RestoreFailed', `status.applications[].startFiles: ${name} does not have its digest, so somebody changed it. Restore what: Volumes, and take it from the annotation of the snapshots.`);
}

function digestOf(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
