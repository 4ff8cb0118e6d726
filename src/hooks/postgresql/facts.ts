import type { Detected } from '../adapter.js';
import type { FoundData } from './data.js';
import { majorOf, type Inspection } from './inspection.js';

/** One server as the preflight found it. */
export interface Instance {
  readonly pod: string;
  readonly container: string;
  readonly inspection: Inspection;
  readonly data: FoundData;
  /** Why clients of it could be acknowledged past a gate, within a sentence each. Not looked for where nobody need be kept out. */
  readonly ungated: readonly string[];
}

/** Longest value that status keeps. */
const valueLength = 512;

/**
 * What a restore needs to know, as text. Never a secret: `credentialsSecret` is a name. It speaks of the primary;
 * members whose data directory is another have `dataDirectory.N` = `POD PATH` (pod names are too long for keys).
 */
export function factsOf(app: Detected, primary: Instance, instances: readonly Instance[], tested: readonly number[]): Record<string, string> {
  const { inspection, data } = primary;
  const major = majorOf(inspection.version);
  const value = (name: string): string => inspection.settings[name]?.setting ?? '';
  const commandLine = instances.flatMap((i) => i.inspection.commandLine.map((name) => `${name} in pod ${i.pod}`)).join(', ');
  const elsewhere = instances.filter((i) => i.data.dataDirectory !== data.dataDirectory);
  const facts: Record<string, string> = {
    major: String(major),
    systemIdentifier: inspection.systemIdentifier,
    primary: primary.pod,
    dataDirectory: data.dataDirectory,
    ...Object.fromEntries(elsewhere.map((i, n) => [`dataDirectory.${n}`, `${i.pod} ${i.data.dataDirectory}`])),
    walDirectory: data.walDirectory,
    checksums: value('data_checksums'),
    blockSize: value('block_size'),
    walSegmentSize: value('wal_segment_size'),
    walLevel: value('wal_level'),
    archiveMode: value('archive_mode'),
    claims: Object.entries(data.claims).map(([what, claim]) => `${what}: ${claim}`).join('; '),
    ...(value('shared_preload_libraries').includes('pg_cron') && { jobs: 'pg_cron' }),
    ...(data.configurationOutside.length > 0 && { configurationOutside: data.configurationOutside.join(', ') }),
    ...(commandLine !== '' && { commandLine }),
    ...(!tested.includes(major) && { untested: `PostgreSQL ${major} is known but was not run against by our tests` }),
    ...(!inspection.mayCheckpoint && { warmUp: `no CHECKPOINT: role ${inspection.role} is neither superuser nor in pg_checkpoint; the start of the copy replays more WAL` }),
    ...(app.credentialsSecret !== undefined && { credentialsSecret: app.credentialsSecret }),
  };
  return Object.fromEntries(Object.entries(facts).map(([key, text]) => [key, text.slice(0, valueLength)]));
}

/** The data directory of a member of the copy; empty when the facts are not ours. */
export function dataDirectoryOf(facts: Readonly<Record<string, string>>, pod: string): string {
  const own = Object.entries(facts).find(([key, text]) => key.startsWith('dataDirectory.') && text.startsWith(`${pod} `));
  return own === undefined ? (facts['dataDirectory'] ?? '') : own[1].slice(pod.length + 1);
}
