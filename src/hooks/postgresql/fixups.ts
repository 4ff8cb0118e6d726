import { fail } from '../../api/errors.js';
import type { CopiedApplication, FixupStep, RestoreTarget } from '../adapter.js';
import { contentOf } from './backup.js';
import { dataDirectoryOf } from './facts.js';
import { argv } from '../programs.js';
import { prepareProgram } from './prepare-program.js';

/**
 * What an isolated copy must not do, as lines of postgresql.auto.conf: archive over the original's archive, fetch from it,
 * take its publications, run its jobs, wait with a commit for standbys that nobody may have restored.
 */
const isolatedSettings = [
  "archive_mode = 'off'",
  "restore_command = ''",
  'max_logical_replication_workers = 0',
  "synchronous_standby_names = ''",
  // Flushes whole file systems instead of every file: the start takes a third of the time (measured).
  "recovery_init_sync_method = 'syncfs'",
] as const;

/** Whom a standby follows is decided by the step itself: the name of its primary is on the volume only. */
const followsNobody = ["primary_conninfo = ''", "primary_slot_name = ''"] as const;

const jobs = "cron.launch_active_jobs = 'off'";

/**
 * One step for each member before the first start of a copy. A copy of one instant never gets a backup_label: the
 * server would look for the end of a backup that is not in it. One by the backup API must not start without. Requires
 * the facts of {@link factsOf}. Throws AppError RestoreFailed when the label lacks or was changed, and for an isolated copy that no file keeps from its original.
 */
export function fixups(app: CopiedApplication, target: RestoreTarget): FixupStep[] {
  const label = contentOf(app.startFiles, 'backup_label') ?? '';
  if (label === '' && app.positions['backupStop'] !== undefined) {
    throw fail('RestoreFailed', `${app.name} was copied by the backup API, but its backup_label is in status.applications[].startFiles no more: without it the server would silently lose data. Take it from the annotation of the snapshots, and restore what: Volumes.`);
  }
  const { commandLine } = app.facts;
  if (target.isolated && commandLine !== undefined) {
    throw fail('RestoreFailed', `${app.name} cannot be kept from its original: the command line of its server sets ${commandLine}, and stands over what a restore writes to postgresql.auto.conf. Set it in a file instead and make another copy, or restore what: Volumes.`);
  }
  return app.members.map((member) => step(app, member, target, { label, tablespaces: contentOf(app.startFiles, 'tablespace_map') ?? '' }));
}

function step(app: CopiedApplication, member: CopiedApplication['members'][number], target: RestoreTarget, backup: { label: string; tablespaces: string }): FixupStep {
  const primary = member.role === 'primary';
  const { markerFrom = '', timeline = '' } = primary ? app.positions : {};
  const { label, tablespaces } = primary ? backup : { label: '', tablespaces: '' };
  const moves = target.isolated && !primary;
  const settings = [...isolatedSettings, ...(primary ? followsNobody : []), ...(app.facts['jobs'] === 'pg_cron' ? [jobs] : [])];
  return {
    name: 'prepare',
    pod: member.pod,
    container: member.container,
    command: argv(
      prepareProgram,
      dataDirectoryOf(app.facts, member.pod),
      app.facts['major'] ?? '',
      target.isolated ? 'isolated' : 'plain',
      app.setId,
      timeline,
      markerFrom,
      label,
      tablespaces,
      moves ? target.from : '',
      moves ? target.to : '',
      ...(target.isolated ? settings : []),
    ),
    description: [
      'checks pg_wal and tablespaces, removes a stale postmaster.pid',
      ...(label === '' ? [] : ['writes the backup_label of the copy']),
      ...(target.isolated ? ['switches archiving and logical replication off in postgresql.auto.conf'] : []),
      ...(moves ? [`lets it follow the restored primary by its name in ${target.to}, or nobody`] : []),
      ...(primary ? ['writes down what the WAL of the cut holds'] : []),
    ].join(', '),
  };
}
