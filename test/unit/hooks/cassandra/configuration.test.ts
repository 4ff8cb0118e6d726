import { describe, expect, test } from '@jest/globals';
import { parseConfiguration } from '../../../../src/hooks/cassandra/configuration.js';
import { durabilityCaps, settleMillis } from '../../../../src/hooks/cassandra/durability.js';

/** The file of the official image without its comments begins like this: directories lie below the storage directory. */
const official = `cluster_name: 'Test Cluster'
num_tokens: 16
hinted_handoff_enabled: true
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "10.244.5.2"
commitlog_sync: periodic
commitlog_sync_period: 10000ms
commitlog_segment_size: 32MiB
commitlog_disk_access_mode: legacy
write_request_timeout: 2000ms
native_transport_port: 9042
storage_port: 7000
cdc_enabled: false
transparent_data_encryption_options:
  enabled: false
  cipher: AES/CBC/PKCS5Padding`;

const printed = (yaml: string, options: readonly string[] = ['cassandra.storagedir=/opt/cassandra/data']): string[] => [
  ...options.map((option) => `option ${option}`),
  'file /etc/cassandra/cassandra.yaml',
  ...yaml.split('\n').map((line) => `|${line}`),
];
const parse = (yaml: string, options?: readonly string[]) => parseConfiguration('db-0', printed(yaml, options));

describe('configuration of a server', () => {
  test('the official one', () => {
    expect(parse(official)).toEqual({
      file: '/etc/cassandra/cassandra.yaml',
      clusterName: 'Test Cluster',
      directories: [
        { what: 'data directory', path: '/opt/cassandra/data/data' },
        { what: 'commit log directory', path: '/opt/cassandra/data/commitlog' },
        { what: 'hints directory', path: '/opt/cassandra/data/hints' },
        { what: 'saved caches directory', path: '/opt/cassandra/data/saved_caches' },
      ],
      storagePort: 7000,
      nativePorts: [9042],
      commitLog: { sync: 'periodic', buffered: undefined },
      writeTimeoutMillis: 2000,
      overridden: false,
    });
  });

  test('every directory that is named, also that of the system tables and of CDC', () => {
    const yaml = 'data_file_directories: [/a, /b]\nlocal_system_data_file_directory: /s\ncommitlog_directory: /c\nhints_directory: /h\nsaved_caches_directory: /v\ncdc_enabled: true\ncdc_raw_directory: /d';
    expect(parse(yaml, []).directories.map((d) => `${d.what} ${d.path}`)).toEqual([
      'data directory /a', 'data directory /b', 'system data directory /s', 'commit log directory /c', 'hints directory /h', 'saved caches directory /v', 'CDC directory /d',
    ]);
  });

  test('times as 4.0 and as 4.1 write them, and a port for TLS', () => {
    expect(parse('write_request_timeout_in_ms: 1500').writeTimeoutMillis).toBe(1500);
    expect(parse('write_request_timeout: 5s').writeTimeoutMillis).toBe(5000);
    expect(parse('native_transport_port_ssl: 9142').nativePorts).toEqual([9042, 9142]);
  });

  test('properties that stand for lines of the file are known to be possible', () => {
    expect(parse(official, ['cassandra.storagedir=/d', 'cassandra.config.allow_system_properties=true']).overridden).toBe(true);
  });

  test.each([
    ['no YAML', ': : :\n\t- x', 'is no YAML'],
    ['another file', 'commitlog_sync: sometimes', 'is not understood'],
    ['nothing', '', 'is no YAML'],
  ])('%s is an error that names pod and file', (_, yaml, text) => {
    expect(() => parse(yaml)).toThrow(expect.objectContaining({ code: 'ApplicationNotReady', publicMessage: expect.stringMatching(new RegExp(`^/etc/cassandra/cassandra.yaml in pod db-0 ${text}`)) }));
  });

  test('a server that does not say where its data is', () => {
    expect(() => parse(official, [])).toThrow(expect.objectContaining({ publicMessage: expect.stringContaining('says where the data directory is') }));
  });
});

describe('how acknowledged writes become durable', () => {
  const of = (yaml: string) => parse(`${official}\n${yaml}`.replace(/commitlog_(sync|disk_access_mode): \w+\n(?=[^]*commitlog_\1)/g, '')).commitLog;

  test.each([
    ['periodic, mapped', '', 300, 0],
    ['batch', 'commitlog_sync: batch', 0, 0],
    ['group', 'commitlog_sync: group', 0, 0],
    ['periodic, compressed', 'commitlog_compression:\n  - class_name: LZ4Compressor', 0, 1],
    ['periodic, direct I/O', 'commitlog_disk_access_mode: direct', 0, 1],
    ['periodic, whatever fits', 'commitlog_disk_access_mode: auto', 0, 1],
    ['batch, compressed', 'commitlog_sync: batch\ncommitlog_compression:\n  - class_name: LZ4Compressor', 0, 0],
  ])('%s', (_, yaml, settle, caps) => {
    const log = of(yaml);
    expect(settleMillis(log)).toBe(settle);
    expect(durabilityCaps('db', log)).toHaveLength(caps);
  });

  test('the cap says what to do', () => {
    expect(durabilityCaps('db', { sync: 'periodic', buffered: 'encrypted' })).toEqual([{ grade: 'CrashConsistentSynced', reason: expect.stringMatching(/The commit log of db is encrypted and periodic.*set commitlog_sync to batch or group/) }]);
  });
});
