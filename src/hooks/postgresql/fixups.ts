import type { CopiedApplication, FixupStep } from '../adapter.js';
import { dataDirectoryOf } from './facts.js';
import { argv, prepareProgram } from './programs.js';

/**
 * What an isolated copy must not do, as lines of postgresql.auto.conf: archive over the original's archive, follow the
 * original or its archive, take its publications, run its jobs. Standbys of such a copy stay where the cut left them.
 */
const isolatedSettings = [
  "archive_mode = 'off'",
  "primary_conninfo = ''",
  "primary_slot_name = ''",
  "restore_command = ''",
  'max_logical_replication_workers = 0',
  // Flushes whole file systems instead of every file: the start takes a third of the time (measured).
  "recovery_init_sync_method = 'syncfs'",
] as const;

const jobs = "cron.launch_active_jobs = 'off'";

/**
 * One step for each member before the first start of a copy. A copy of one instant never gets a backup_label: the
 * server would look for the end of a backup that is not in it. Requires the facts of {@link factsOf}.
 */
export function fixups(app: CopiedApplication, options: { isolated: boolean }): FixupStep[] {
  return app.members.map((member) => {
    const primary = member.role === 'primary';
    const settings = [...isolatedSettings, ...(app.facts['jobs'] === 'pg_cron' ? [jobs] : [])];
    const { markerFrom = '', timeline = '' } = primary ? app.positions : {};
    return {
      name: 'prepare',
      pod: member.pod,
      container: member.container,
      command: argv(
        prepareProgram,
        dataDirectoryOf(app.facts, member.pod),
        app.facts['major'] ?? '',
        options.isolated ? 'isolated' : 'plain',
        app.setId,
        timeline,
        markerFrom,
        ...(options.isolated ? settings : []),
      ),
      description: `checks pg_wal and tablespaces, removes a stale postmaster.pid${options.isolated ? ', switches archiving and replication off in postgresql.auto.conf' : ''}${primary ? ', writes down what the WAL of the cut holds' : ''}`,
    };
  });
}
