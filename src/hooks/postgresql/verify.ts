import { z } from 'zod';
import type { Check } from '../../api/common.js';
import { AppError } from '../../runtime/app-error.js';
import type { CopiedApplication, RestoreContext } from '../adapter.js';
import type { Credentials } from '../credentials.js';
import { succeeded } from '../programs.js';
import { Server } from './connection.js';
import { dataDirectoryOf } from './facts.js';
import { followCheck } from './follow-check.js';
import { amcheck, checksums } from './integrity.js';
import { majorOf } from './inspection.js';
import { recordProgram } from './programs.js';
import { parseRecord } from './record.js';
import { credentialsOf } from './servers.js';
import { walChecks } from './wal-checks.js';

/** A copy replays its WAL and may sync its directory before it answers. */
const patienceSeconds = 60;

const row = z.object({
  version: z.int(),
  standby: z.boolean(),
  superuser: z.boolean(),
  role: z.string(),
  systemIdentifier: z.string(),
  checksums: z.string(),
  inserted: z.string().nullable(),
});

const select = `SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS standby, current_user::text AS role,
  (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser, current_setting('data_checksums') AS checksums,
  (SELECT system_identifier::text FROM pg_control_system()) AS "systemIdentifier",
  CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_insert_lsn()::text END AS inserted`;

type Member = CopiedApplication['members'][number];

/** Proof of a restore. Findings are checks; an exception means that the account lacks a right or the facts are not ours. */
export async function verify(app: CopiedApplication, context: RestoreContext): Promise<Check[]> {
  const credentials = await credentialsOf(app.facts['credentialsSecret'], context);
  const results = await Promise.all(app.members.map((member) => verifyMember(app, member, context, credentials)));
  return results.flat();
}

function serverOf(member: Member | undefined, context: RestoreContext, credentials: Credentials | undefined): Server | undefined {
  const pod = member === undefined ? undefined : context.pods.get(member.pod);
  if (member === undefined || pod === undefined) return undefined;
  const { exec, account, namespace, signal } = context;
  return new Server({ exec, account, namespace, pod: pod.metadata.name, container: member.container, credentials, patienceSeconds, signal });
}

async function verifyMember(app: CopiedApplication, member: Member, context: RestoreContext, credentials: Credentials | undefined): Promise<Check[]> {
  const name = `${member.role} ${member.pod} answers`;
  const server = serverOf(member, context, credentials);
  if (server === undefined) return [{ name, outcome: 'Failed', message: 'The pod was not restored.' }];
  try {
    const [answer] = await server.rows(select, row);
    if (answer === undefined) return [{ name, outcome: 'Unknown', message: 'The server gave no answer.' }];
    const common = [roleCheck(name, member, answer.standby), identityCheck(app, member, answer.systemIdentifier)];
    if (member.role === 'primary') return [...common, ...(await primaryChecks(app, member, server, answer))];
    if (!answer.standby) return common;
    const primary = serverOf(app.members.find((m) => m.role === 'primary'), context, credentials);
    return [...common, await followCheck(server, context.pods.get(member.pod)?.podIP, primary)];
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'ApplicationNotReady') throw error;
    return [{ name, outcome: 'Failed', message: error.publicMessage }];
  }
}

async function primaryChecks(app: CopiedApplication, member: Member, server: Server, answer: z.infer<typeof row>): Promise<Check[]> {
  const major = majorOf(answer.version);
  const left = await server.run(recordProgram, [dataDirectoryOf(app.facts, member.pod)]);
  const record = succeeded(left) && !left.truncated ? parseRecord(left.stdout) : undefined;
  return [
    ...walChecks(app.setId, app.positions, record, answer.inserted ?? '0/0'),
    // In turn: both read everything.
    await amcheck(server, answer, major),
    await checksums(server, answer.checksums === 'on', major),
  ];
}

/** A copy of a primary ends its recovery; a copy of a standby stays in it. */
function roleCheck(name: string, member: Member, standby: boolean): Check {
  const expected = member.role === 'standby';
  if (standby === expected) return { name, outcome: 'Passed', message: expected ? 'It answers, as a standby.' : 'It answers, and its recovery is over.' };
  return { name, outcome: 'Failed', message: expected ? 'It was a standby and came up as a primary.' : 'It is still in recovery.' };
}

function identityCheck(app: CopiedApplication, member: Member, found: string): Check {
  const name = `same system identifier (${member.pod})`;
  const expected = app.facts['systemIdentifier'];
  if (expected === undefined) return { name, outcome: 'Unknown', message: 'The copy carries no system identifier.' };
  if (found === expected) return { name, outcome: 'Passed', message: `System identifier ${found}.` };
  return { name, outcome: 'Failed', message: `The server is ${found}, the copy is of ${expected}: it runs on other data.` };
}
