import { z } from 'zod';
import type { Check } from '../../api/common.js';
import type { ExecResult } from '../../runtime/exec.js';
import { succeeded, whyNot } from '../programs.js';
import type { Server } from './connection.js';
import { amcheckProgram, readAllProgram } from './programs.js';

/** Reading a whole database; the restore's own time-out ends it earlier. */
const fullReadMillis = 3_600_000;

/** Exit code of pg_amcheck that means corruption; 1 means that it could not run. */
const corruptionFound = 2;

/** Structure of every table and B-tree, and that every row is in its indexes. Installs the extension amcheck in the copy where it lacks. */
export async function amcheck(server: Server, rights: { superuser: boolean; role: string }, major: number): Promise<Check> {
  const name = 'pg_amcheck';
  if (!rights.superuser) {
    return { name, outcome: 'Skipped', message: `It needs a superuser, and ${rights.role} is none: name a Secret of one in spec.applications[].credentialsSecretRef.` };
  }
  const options = major >= 17 ? ['--checkunique'] : [];
  const result = await server.runConnected(amcheckProgram, options, { major, deadlineMillis: fullReadMillis });
  if (succeeded(result)) return { name, outcome: 'Passed', message: 'Every table and B-tree index is sound, and every row is in its indexes.' };
  if (result.outcome.kind === 'exited' && result.outcome.code === corruptionFound) {
    return { name, outcome: 'Failed', message: bounded(`It found damage: ${result.stdout}`) };
  }
  return notRun(name, result);
}

const counters = z.object({ failures: z.int(), tablespaces: z.int() });
const countersSql = `SELECT (SELECT coalesce(sum(checksum_failures), 0)::int FROM pg_stat_database) AS failures,
  (SELECT count(*)::int FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')) AS tablespaces`;

/**
 * Every page of every data file, read by the server as for a base backup, which verifies checksums; nothing is kept.
 * `pg_checksums` cannot do this: it refuses a copy that was not shut down.
 */
export async function checksums(server: Server, enabled: boolean, major: number): Promise<Check> {
  const name = 'data checksums';
  if (!enabled) return { name, outcome: 'Skipped', message: 'Data checksums are off on this server.' };
  const [before] = await server.rows(countersSql, counters);
  if (major < 15 && (before?.tablespaces ?? 0) > 0) {
    return { name, outcome: 'Skipped', message: 'PostgreSQL 14 cannot read several tablespaces this way.' };
  }
  const result = await server.runConnected(readAllProgram, [], { major, deadlineMillis: fullReadMillis });
  if (/checksum (error|verification failed)/.test(result.stderr)) return { name, outcome: 'Failed', message: bounded(`Pages do not have their checksum: ${result.stderr}`) };
  const [after] = await server.rows(countersSql, counters);
  if (after !== undefined && after.failures > 0) return { name, outcome: 'Failed', message: `The server counted ${after.failures} pages without their checksum.` };
  if (succeeded(result)) return { name, outcome: 'Passed', message: 'Every page of every data file was read and has its checksum.' };
  return notRun(name, result);
}

/** Neither passed nor failed: a tool or right that lacks is Skipped, a lost connection Unknown. */
function notRun(name: string, result: ExecResult): Check {
  return { name, outcome: result.outcome.kind === 'lost' ? 'Unknown' : 'Skipped', message: bounded(`It could not be run: ${whyNot(result)}`) };
}

function bounded(text: string): string {
  const line = text.trim().replace(/\s*\n\s*/g, '; ');
  return line.length > 1000 ? `${line.slice(0, 997)}...` : line;
}
