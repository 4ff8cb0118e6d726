import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as programs from '../../../src/hooks/kafka/programs.js';
import { argv } from '../../../src/hooks/programs.js';
import { parseReports } from '../../../src/hooks/kafka/member.js';

const shells: readonly (readonly string[])[] = [['dash'], ['bash'], ['busybox', 'sh']];
const texts = Object.entries(programs).filter((entry): entry is [string, string] => typeof entry[1] === 'string');

describe.each(texts)('%s', (_, text) => {
  test.each(shells)('is a program for %s', (...shell) => {
    const [file = '', ...rest] = shell;
    expect(spawnSync(file, [...rest, '-n', '-c', text], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });

  test('has nothing that shellcheck warns about', () => {
    expect(spawnSync('shellcheck', ['-s', 'sh', '-'], { input: text, encoding: 'utf8' }).stdout).toBe('');
  });
});

describe.each(shells)('run by %s', (...shell) => {
  let directory: string;
  const run = (text: string, parameters: readonly string[], input = '', env: NodeJS.ProcessEnv = {}) => {
    const [file = '', ...rest] = shell;
    return spawnSync(file, [...rest, ...argv(text, ...parameters).slice(1)], { input, encoding: 'utf8', env: { ...process.env, ...env } });
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stillpoint-kafka-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test('the volumes of another cluster, of another node, and none are refused; the own ones are left as they are', () => {
    const data = join(directory, 'data');
    mkdirSync(data);
    const prepare = (cluster: string, node: string, path = data) => run(programs.prepareProgram, [cluster, node, path]);
    expect(prepare('y7_8-A', '2')).toMatchObject({ status: 1, stderr: `stillpoint: ${data}/meta.properties is not there: the volume of the node is not mounted\n` });
    writeFileSync(join(data, 'meta.properties'), '#\n#Tue Nov 24 20:22:01 UTC 2026\nnode.id=2\nversion=1\ncluster.id=y7_8-A\n');
    expect(prepare('y7_8-A', '2')).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(prepare('y7_8-B', '2')).toMatchObject({ status: 1, stderr: expect.stringContaining('is of another cluster than y7_8-B') });
    expect(prepare('y7_8-A', '1')).toMatchObject({ status: 1, stderr: expect.stringContaining('is of another node than 1') });
  });

  test('tools get the client configuration by stdin, none of the variables of the server, and each says how it ended', () => {
    const tool = (name: string, text: string): void => writeFileSync(join(directory, `kafka-${name}.sh`), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    tool('get-offsets', 'echo "opts=${KAFKA_OPTS-} jmx=${JMX_PORT-} heap=$KAFKA_HEAP_OPTS"; echo "$@"; [ "${3-}" != --command-config ] || cat "$4"');
    tool('topics', 'echo gone; for i in 1 2 3 4 5 6 7; do echo "line $i" >&2; done; exit 3');
    const server = { KAFKA_OPTS: '-javaagent:exporter.jar=9404', JMX_PORT: '9999', KAFKA_HEAP_OPTS: '-Xmx8g' };
    const open = run(programs.reportProgram, [`${directory}/`, '.sh', 'localhost:9092', 'ends', 'problems'], '', server);
    const sections = parseReports(open.stdout);
    expect(sections.get('ends')).toEqual({ code: 0, lines: ['opts= jmx= heap=-Xmx128m', '--bootstrap-server localhost:9092 --time -1 --exclude-internal-topics'] });
    expect(sections.get('problems')).toEqual({ code: 3, lines: ['gone'] });
    expect(open.stderr).toBe('line 3\nline 4\nline 5\nline 6\nline 7\n');

    const secret = 'security.protocol=SASL_SSL\nsasl.jaas.config=x password="hunter2";';
    const closed = run(programs.reportProgram, [`${directory}/`, '.sh', 'localhost:9092', 'ends'], secret, server);
    expect(parseReports(closed.stdout).get('ends')?.lines.slice(1)).toEqual(['--bootstrap-server localhost:9092 --command-config /dev/stdin --time -1 --exclude-internal-topics', ...secret.split('\n')]);
  });
});
