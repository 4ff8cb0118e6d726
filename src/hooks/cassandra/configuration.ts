import { load } from 'js-yaml';
import { z } from 'zod';
import { fail } from '../../api/errors.js';

/** How the server makes acknowledged writes durable (cassandra.yaml). */
export interface CommitLog {
  readonly sync: 'periodic' | 'batch' | 'group';
  /** Why what is in the log is not in its file at once: compressed, encrypted, direct I/O; undefined for a memory-mapped one. */
  readonly buffered: string | undefined;
}

/** What a running server is configured by, as far as a copy is concerned. */
export interface Configuration {
  readonly file: string;
  readonly clusterName: string;
  readonly directories: readonly { readonly what: string; readonly path: string }[];
  readonly storagePort: number;
  /** Ports of CQL. */
  readonly nativePorts: readonly number[];
  readonly commitLog: CommitLog;
  readonly writeTimeoutMillis: number;
  /** Properties of the JVM may stand for lines of the file, which then is not the whole truth. */
  readonly overridden: boolean;
}

const named = z.object({ class_name: z.string() });

const yaml = z.object({
  cluster_name: z.string().default('Test Cluster'),
  data_file_directories: z.array(z.string()).nullish(),
  local_system_data_file_directory: z.string().nullish(),
  commitlog_directory: z.string().nullish(),
  hints_directory: z.string().nullish(),
  saved_caches_directory: z.string().nullish(),
  cdc_enabled: z.boolean().nullish(),
  cdc_raw_directory: z.string().nullish(),
  storage_port: z.int().default(7000),
  native_transport_port: z.int().default(9042),
  native_transport_port_ssl: z.int().nullish(),
  commitlog_sync: z.enum(['periodic', 'batch', 'group']).default('periodic'),
  commitlog_compression: z.array(named).nullish(),
  commitlog_disk_access_mode: z.string().nullish(),
  transparent_data_encryption_options: z.object({ enabled: z.boolean().nullish() }).nullish(),
  write_request_timeout: z.string().nullish(),
  write_request_timeout_in_ms: z.int().nullish(),
});
type Yaml = z.infer<typeof yaml>;

const defaultWriteTimeoutMillis = 2000;

/**
 * Reads what the program of the configuration printed. Pure.
 * @throws AppError ApplicationNotReady for a file that is not the one of a Cassandra, or does not say where the data is
 */
export function parseConfiguration(pod: string, lines: readonly string[]): Configuration {
  const options = new Map<string, string>();
  let file = '';
  const text: string[] = [];
  for (const line of lines) {
    const [, name, value] = /^option ([^=]+)=(.*)$/.exec(line) ?? [];
    if (line.startsWith('|')) text.push(line.slice(1));
    else if (name !== undefined && value !== undefined) options.set(name, value);
    else if (line.startsWith('file ')) file = line.slice(5);
  }
  const settings = read(pod, file, text.join('\n'));
  return {
    file,
    clusterName: settings.cluster_name,
    directories: directoriesOf(pod, file, settings, options.get('cassandra.storagedir') ?? ''),
    storagePort: settings.storage_port,
    nativePorts: [...new Set([settings.native_transport_port, ...(settings.native_transport_port_ssl == null ? [] : [settings.native_transport_port_ssl])])],
    commitLog: { sync: settings.commitlog_sync, buffered: bufferedBy(settings) },
    writeTimeoutMillis: millis(settings.write_request_timeout) ?? settings.write_request_timeout_in_ms ?? defaultWriteTimeoutMillis,
    overridden: options.get('cassandra.config.allow_system_properties') === 'true',
  };
}

function read(pod: string, file: string, text: string): Yaml {
  let parsed: z.ZodSafeParseResult<Yaml>;
  try {
    parsed = yaml.safeParse(load(text));
  } catch (error) {
    throw fail('ApplicationNotReady', `${file} in pod ${pod} is no YAML.`, { cause: error });
  }
  if (parsed.success) return parsed.data;
  throw fail('ApplicationNotReady', `${file} in pod ${pod} is not understood: ${z.prettifyError(parsed.error)}`);
}

/** Directories that are not named lie below the storage directory, as the server has it. */
function directoriesOf(pod: string, file: string, settings: Yaml, storage: string): Configuration['directories'] {
  const below = (given: string | null | undefined, name: string): string => {
    if (given != null && given !== '') return given;
    if (storage.startsWith('/')) return `${storage.replace(/\/$/, '')}/${name}`;
    throw fail('ApplicationNotReady', `Neither ${file} nor -Dcassandra.storagedir in pod ${pod} says where the ${name} directory is.`);
  };
  const data = settings.data_file_directories ?? [];
  return [
    ...(data.length > 0 ? data : [below(undefined, 'data')]).map((path) => ({ what: 'data directory', path })),
    ...(settings.local_system_data_file_directory == null ? [] : [{ what: 'system data directory', path: settings.local_system_data_file_directory }]),
    { what: 'commit log directory', path: below(settings.commitlog_directory, 'commitlog') },
    { what: 'hints directory', path: below(settings.hints_directory, 'hints') },
    { what: 'saved caches directory', path: below(settings.saved_caches_directory, 'saved_caches') },
    ...(settings.cdc_enabled === true ? [{ what: 'CDC directory', path: below(settings.cdc_raw_directory, 'cdc_raw') }] : []),
  ];
}

/** As DatabaseDescriptor decides it: `legacy`, the default, maps the file; `auto` takes direct I/O where it can. */
function bufferedBy(settings: Yaml): string | undefined {
  const [compression] = settings.commitlog_compression ?? [];
  if (compression !== undefined) return `compressed (${compression.class_name})`;
  if (settings.transparent_data_encryption_options?.enabled === true) return 'encrypted';
  const mode = settings.commitlog_disk_access_mode ?? 'legacy';
  return mode === 'legacy' || mode === 'mmap' ? undefined : `written with commitlog_disk_access_mode ${mode}`;
}

/** Durations as Cassandra writes them: a number and a unit. */
function millis(text: string | null | undefined): number | undefined {
  const [, number, unit] = /^(\d+)(ms|s|m)$/.exec(text ?? '') ?? [];
  return number === undefined ? undefined : Number(number) * (unit === 'ms' ? 1 : unit === 's' ? 1000 : 60_000);
}
