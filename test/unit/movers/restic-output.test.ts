import { describe, expect, test } from '@jest/globals';
import { classify, inVain, meaningOf, sentence } from '../../../src/movers/restic/classify.js';
import { deadLocks } from '../../../src/movers/restic/locks.js';
import { readLine, readLockHost, readRepositoryId, readSnapshots } from '../../../src/movers/restic/output.js';
import { hex } from './fixtures.js';

describe('lines of restic', () => {
  test('progress: bytes and what is left', () => {
    const line = '{"message_type":"status","seconds_elapsed":4,"seconds_remaining":12,"percent_done":0.25,"total_files":9,"total_bytes":400,"bytes_done":100}';
    expect(readLine(line)).toEqual({ kind: 'progress', progress: { bytesDone: 100, bytesTotal: 400, etaSeconds: 12 } });
  });

  test('restic leaves out what is 0', () => {
    expect(readLine('{"message_type":"status","percent_done":0}')).toEqual({ kind: 'progress', progress: { bytesDone: 0, bytesTotal: 0 } });
  });

  test('the summary of a backup, as restic 0.18.1 prints it', () => {
    const line = `{"message_type":"summary","files_new":2,"data_added":3001463,"data_added_packed":3001329,"total_files_processed":2,"total_bytes_processed":3000006,"snapshot_id":"${hex('6')}"}`;
    expect(readLine(line)).toEqual({ kind: 'summary', summary: { snapshotId: hex('6'), bytes: 3_000_006, bytesAdded: 3_001_329 } });
  });

  test('a summary without a snapshot is none of a backup', () => {
    expect(readLine('{"message_type":"summary","num_errors":0}')).toBeUndefined();
  });

  test('a restore, as restic 0.18.1 prints it: what was there already is not in its total', () => {
    const status = '{"message_type":"status","seconds_elapsed":3,"percent_done":0.25,"total_files":9,"files_restored":1,"total_bytes":400,"bytes_restored":100,"bytes_skipped":11}';
    expect(readLine(status)).toEqual({ kind: 'progress', progress: { bytesDone: 111, bytesTotal: 411, etaSeconds: 9 } });
    expect(readLine('{"message_type":"summary","total_files":9,"files_restored":9,"total_bytes":400,"bytes_restored":400,"bytes_skipped":11}')).toEqual({ kind: 'restored', bytes: 411 });
    expect(readLine('{"message_type":"summary"}')).toEqual({ kind: 'restored', bytes: 0 });
  });

  test('a file in a snapshot', () => {
    expect(readLine('{"name":"x","type":"file","path":"/volumes/data/x","uid":999,"gid":998,"mode":384,"message_type":"node","struct_type":"node"}')).toEqual({ kind: 'node', node: { path: '/volumes/data/x', user: 999, group: 998 } });
  });

  test('a file that cannot be read', () => {
    const line = '{"message_type":"error","error":{"message":"open /volumes/data/x: permission denied"},"during":"archival","item":"/volumes/data/x"}';
    expect(readLine(line)).toEqual({ kind: 'unreadable', item: '/volumes/data/x', message: 'open /volumes/data/x: permission denied' });
  });

  test('the last word', () => {
    expect(readLine('{"message_type":"exit_error","code":12,"message":"Fatal: wrong password or no key found"}')).toEqual({ kind: 'exit', code: 12, message: 'Fatal: wrong password or no key found' });
  });

  test.each(['', 'created new cache in /tmp/cache', '[]', 'null', '{"message_type":"verbose_status"}', '{'])('%j says nothing', (line) => {
    expect(readLine(line)).toBeUndefined();
  });

  test('documents', () => {
    expect(readRepositoryId(`{\n  "version": 2,\n  "id": "${hex('b')}"\n}\n`)).toBe(hex('b'));
    expect(readRepositoryId('{"id":"short"}')).toBeUndefined();
    expect(readLockHost('{"hostname":"stillpoint-1-copy-2-abcde","pid":7}')).toBe('stillpoint-1-copy-2-abcde');
    expect(readSnapshots('')).toEqual([]);
    expect(readSnapshots(`[{"id":"${hex('1')}","tree":"${hex('2')}","time":"2026-11-29T01:38:30Z","tags":["set=x"]}]`)).toEqual([{ id: hex('1'), tree: hex('2'), time: '2026-11-29T01:38:30Z', tags: ['set=x'] }]);
    expect(() => readSnapshots('{}')).toThrow('list of snapshots');
  });
});

describe('what an error means', () => {
  test.each([
    [10, 'Fatal: repository does not exist: unable to open config file', 'TargetRepositoryGone'],
    [10, 'Fatal: unable to open config file: Stat: The specified bucket does not exist', 'TargetBucketMissing'],
    [11, 'unable to create lock in backend: repository is already locked by PID 7 on stillpoint-x', 'TargetLocked'],
    [12, 'Fatal: wrong password or no key found', 'TargetKeyWrong'],
    [3, 'Warning: at least one source file could not be read', 'MoverCannotRead'],
    [1, 'Stat: Get "https://s3.example/copies/": tls: failed to verify certificate: x509: certificate signed by unknown authority', 'TargetCertificateUntrusted'],
    [1, 'client.PutObject: The Access Key Id you provided does not exist in our records.', 'TargetCredentialsWrong'],
    [1, 'Fatal: unable to save snapshot: client.PutObject: Access Denied.', 'TargetCredentialsWrong'],
    [1, 'Save(<data/1234>): write /repository/x: no space left on device', 'TargetFull'],
    [1, 'client.PutObject: Your metadata or data quota has been exceeded. QuotaExceeded', 'TargetFull'],
    [1, 'dial tcp 10.0.0.1:443: connect: connection refused', 'TargetUnreachable'],
    [1, 'ciphertext verification failed', 'TargetDamaged'],
    [2, 'panic: runtime error', 'MoverFailed'],
    [130, '', 'MoverFailed'],
  ] as const)('exit code %d, %j: %s', (exitCode, said, code) => {
    expect(classify({ exitCode, said })).toBe(code);
  });

  test('what only people can repair is not repeated for a quarter of an hour', () => {
    expect(inVain('Save(<data/12>) returned error, retrying after 1.2s: client.PutObject: Access Denied.')).toBe('TargetCredentialsWrong');
    expect(inVain('Save(<data/12>) returned error, retrying after 1.2s: connection reset by peer')).toBeUndefined();
    expect(inVain('client.PutObject: Access Denied.')).toBeUndefined();
    expect(meaningOf('all is well')).toBeUndefined();
  });

  test('secrets are not said, and it is one line', () => {
    expect(sentence('bad key\n  hunter22 at https://s3', ['hunter22', ''])).toBe('bad key *** at https://s3');
  });
});

test('only locks of the dead are removed', () => {
  const locks = [{ id: '1', host: 'a' }, { id: '2', host: 'b' }, { id: '3', host: '' }];
  expect(deadLocks(locks, ['b', '', 'c'])).toEqual([{ id: '2', host: 'b' }]);
});
