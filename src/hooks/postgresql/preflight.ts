import { AppError } from '../../runtime/app-error.js';
import type { AdapterContext, Blocker, Detected, Preflight } from '../adapter.js';
import { durabilityCaps, settlingBecause } from './caps.js';
import type { Server } from './connection.js';
import { operatorOf } from './detect.js';
import { findData, type FoundData } from './data.js';
import { factsOf, type Instance } from './facts.js';
import { inspect, majorOf } from './inspection.js';
import { backupProblems, lastClaims } from './backup-offer.js';
import { lagCaps } from './lag.js';
import { serversOf } from './servers.js';
import { settleOf, withoutSettle } from './settle.js';
import { ungatedClients } from './ungated.js';

/** Versions that this adapter knows, and those that its tests run on. */
const knownVersions = { lowest: 14, highest: 18, tested: [15, 17] as readonly number[] };

/** What a standby tolerates without an answer when nothing is set (wal_sender_timeout, 60 s). */
const standbyMillis = 60_000;
/** Patroni's leader key: ttl 30 s less loop_wait and retry_timeout of 10 s each; a longer stop can cause a failover. */
const patroniMillis = 10_000;
const patroniManaged = /spilo|crunchy|percona|stackgres/i;

/** Looks at every server of the application. Reads only. Findings are blockers and caps, never exceptions, except for missing rights. */
export async function preflight(app: Detected, context: AdapterContext): Promise<Preflight> {
  const looked = await Promise.all((await serversOf(app, context)).map((server) => look(app, server, context)));
  const instances = looked.filter((result) => 'inspection' in result);
  const primaries = instances.filter((instance) => !instance.inspection.standby);
  const primary = primaries[0];
  const blockers = [
    ...looked.flatMap((result) => ('blocker' in result ? [result.blocker] : [])),
    ...instances.flatMap((instance) => [...versionBlockers(instance), ...instance.data.blockers]),
    ...(instances.length === looked.length ? roleBlockers(app, instances, primaries) : []),
  ];
  const limit = limitMillis(app, instances);
  const problems = primary === undefined || blockers.length > 0 ? [] : backupProblems(app, primary, instances, context.view);
  const online = primary !== undefined && problems.length === 0 ? { mode: 'BackupAPI' as const, lastClaims: lastClaims(primary) } : undefined;
  if (app.mode === 'BackupAPI') blockers.push(...problems);
  // The end of a backup flushes what was acknowledged before it, and the server writes full pages while one is on, whatever the settings.
  const held = primary === undefined || app.mode === 'BackupAPI' ? undefined : primary;
  const { caps, ...settle } = held === undefined ? withoutSettle : settleOf(app.name, held, instances);
  const operator = context.view.pods.filter((p) => app.pods.includes(p.metadata.name)).map(operatorOf).find((by) => by !== undefined);
  return {
    version: primary?.inspection.serverVersion.split(' ')[0],
    roles: Object.fromEntries(instances.map((i) => [i.pod, i.inspection.standby ? 'standby' : 'primary'])),
    blockers,
    caps: held === undefined ? [] : [...durabilityCaps(app.name, held.inspection), ...lagCaps(held, instances), ...caps],
    processName: 'postgres',
    ...(online !== undefined && { online }),
    ...settle,
    softLimitMillis: patroniManaged.test(operator ?? '') ? Math.min(limit, patroniMillis) : limit,
    hardLimitMillis: limit,
    facts: primary === undefined ? {} : { ...factsOf(app, primary, instances, knownVersions.tested), ...(operator !== undefined && { managedBy: operator }) },
  };
}

type Looked = Instance | { readonly blocker: Blocker };

async function look(app: Detected, server: Server, context: AdapterContext): Promise<Looked> {
  try {
    const inspection = await inspect(server);
    const data: FoundData = await findData(server, inspection, context);
    const settles = app.mode !== 'BackupAPI' && !inspection.standby && settlingBecause(app.name, inspection) !== undefined;
    const ungated = settles ? await ungatedClients(server, { inspection, data }, context) : [];
    return { pod: server.pod, container: server.container, inspection, data, ungated };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'ApplicationNotReady') throw error;
    return { blocker: { code: 'ApplicationNotReady', message: error.publicMessage } };
  }
}

function versionBlockers(instance: Instance): Blocker[] {
  const major = majorOf(instance.inspection.version);
  if (major >= knownVersions.lowest && major <= knownVersions.highest) return [];
  const range = `${knownVersions.lowest} to ${knownVersions.highest}`;
  return [
    {
      code: 'HoldNotPossible',
      message: `Pod ${instance.pod} runs PostgreSQL ${instance.inspection.serverVersion}; ${range} are known. Name it in spec.applications with kind Generic to copy it without what this adapter proves.`,
    },
  ];
}

/** One primary, and everybody a copy of it. */
function roleBlockers(app: Detected, instances: readonly Instance[], primaries: readonly Instance[]): Blocker[] {
  if (primaries.length === 0) {
    return [{ code: 'ApplicationNotReady', message: `No pod of ${app.name} is a primary (${app.pods.join(', ')}): the primary's claims must belong to the copy, or wait until one is promoted.` }];
  }
  const identifiers = new Set(instances.map((i) => i.inspection.systemIdentifier));
  if (primaries.length === 1 && identifiers.size === 1) return [];
  const names = primaries.map((p) => p.pod).join(', ');
  return [
    {
      code: 'ApplicationNotReady',
      message: `The pods of ${app.name} are not one cluster (primaries: ${names}; ${identifiers.size} system identifiers): name each server in spec.applications with a selector of its own.`,
    },
  ];
}

/** The smallest time-out of a replication connection; 0 there means none. */
function limitMillis(app: Detected, instances: readonly Instance[]): number {
  const replicated = app.pods.length > 1 || instances.some((i) => i.inspection.replicas > 0 || i.inspection.standby);
  if (!replicated) return standbyMillis;
  const timeouts = instances
    .flatMap((i) => [i.inspection.settings['wal_sender_timeout'], i.inspection.settings['wal_receiver_timeout']])
    .map((s) => Number(s?.setting ?? 0))
    .filter((millis) => millis > 0);
  return Math.min(standbyMillis, ...timeouts);
}
