import { z } from 'zod';
import { asynchronousRoles, localClients } from './commits.js';
import type { RunOptions, Server } from './connection.js';

const setting = z.object({ setting: z.string(), source: z.string() });

/** What one server says of itself. */
const inspection = z.object({
  version: z.int(),
  serverVersion: z.string(),
  standby: z.boolean(),
  role: z.string(),
  mayCheckpoint: z.boolean(),
  systemIdentifier: z.string(),
  settings: z.record(z.string(), setting),
  tablespaces: z.array(z.object({ name: z.string(), location: z.string() })),
  asynchronous: z.array(z.string()),
  localClients: z.int(),
  replicas: z.int(),
  /** Where the WAL ends that it has, as a number of bytes. */
  walBytes: z.number(),
  mayBackUp: z.boolean(),
  freeSlots: z.int(),
  /** Physical slots for which it keeps all the WAL that they need. */
  keptSlots: z.array(z.string()),
  /** What ties it to others and stands on its command line, where no file changes it. */
  commandLine: z.array(z.string()),
});
export type Inspection = z.infer<typeof inspection>;

const settingNames = [
  'archive_mode', 'block_size', 'config_file', 'data_checksums', 'data_directory', 'fsync', 'full_page_writes', 'hba_file', 'ident_file', 'max_wal_size', 'port',
  'primary_slot_name', 'shared_preload_libraries', 'synchronous_commit', 'unix_socket_directories', 'wal_level', 'wal_receiver_timeout', 'wal_segment_size', 'wal_sender_timeout', 'wal_writer_delay',
];

/** By these a copy would meddle with its original: fixups.ts switches them off, in a file. Whom to follow is of no use to a primary. */
const commandLine = `SELECT name FROM pg_settings WHERE source = 'command line' AND setting NOT IN ('', '0', 'off')
    AND (name IN ('archive_mode', 'max_logical_replication_workers', 'restore_command') OR (name = 'primary_conninfo' AND pg_is_in_recovery()))`;

/** CHECKPOINT is for superusers, and since version 15 for members of pg_checkpoint. */
export const mayCheckpoint = `(SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
  OR EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'pg_checkpoint' AND pg_has_role(current_user, r.oid, 'USAGE'))`;

/** A slot needs the attribute REPLICATION, the backup functions a grant (documentation of both). */
const mayBackUp = `(SELECT rolsuper OR (rolreplication AND coalesce(
    has_function_privilege(coalesce(to_regprocedure('pg_backup_start(text,boolean)'), to_regprocedure('pg_start_backup(text,boolean,boolean)')), 'EXECUTE')
    AND has_function_privilege(coalesce(to_regprocedure('pg_backup_stop(boolean)'), to_regprocedure('pg_stop_backup(boolean,boolean)')), 'EXECUTE'), false))
  FROM pg_roles WHERE rolname = current_user)`;

/** CASE keeps functions that a standby refuses from being called there. A standby that only replays an archive has received nothing. */
const walBytes = `(coalesce(CASE WHEN pg_is_in_recovery() THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) ELSE pg_current_wal_insert_lsn() END, '0/0') - '0/0'::pg_lsn)::float8`;

const select = `SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS "serverVersion",
  pg_is_in_recovery() AS standby, current_user::text AS role, ${mayCheckpoint} AS "mayCheckpoint",
  (SELECT system_identifier::text FROM pg_control_system()) AS "systemIdentifier",
  (SELECT json_object_agg(name, json_build_object('setting', setting, 'source', source)) FROM pg_settings
    WHERE name IN (${settingNames.map((name) => `'${name}'`).join(', ')})) AS settings,
  (SELECT coalesce(json_agg(json_build_object('name', spcname, 'location', pg_tablespace_location(oid)) ORDER BY oid), '[]')
    FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')) AS tablespaces,
  (SELECT coalesce(json_agg(who ORDER BY who), '[]') FROM (${asynchronousRoles}) a) AS asynchronous, ${localClients} AS "localClients",
  (SELECT count(*)::int FROM pg_stat_replication) AS replicas, ${walBytes} AS "walBytes", ${mayBackUp} AS "mayBackUp",
  current_setting('max_replication_slots')::int - (SELECT count(*)::int FROM pg_replication_slots) AS "freeSlots",
  (SELECT coalesce(json_agg(slot_name ORDER BY slot_name), '[]') FROM pg_replication_slots WHERE slot_type = 'physical' AND wal_status IN ('reserved', 'extended')) AS "keptSlots",
  (SELECT coalesce(json_agg(name ORDER BY name), '[]') FROM (${commandLine}) c) AS "commandLine"`;

/** Asks one server about itself, in one run. Throws AppError ApplicationNotReady when it does not answer. */
export async function inspect(server: Server, options: RunOptions = {}): Promise<Inspection> {
  const [row] = await server.rows(select, inspection, options);
  if (row === undefined) throw new RangeError('a SELECT without FROM gave no row');
  return row;
}

/** The major version: 150018 → 15. */
export function majorOf(version: number): number {
  return Math.floor(version / 10_000);
}
