import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { createLogger } from '../../../src/observability/logger.js';
import { AppError } from '../../../src/runtime/app-error.js';

function capture(level: 'debug' | 'info' = 'info') {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return { lines, log: createLogger({ level, fields: { component: 'test' }, stream }), last: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown> };
}

test('one JSON line an event, with the fields of all parents', () => {
  const { log, lines, last } = capture();
  log.child({ controller: 'c' }).info('happened\nhere', { n: 1 });
  expect(lines).toHaveLength(1);
  expect(lines[0]?.trimEnd()).not.toContain('\n');
  expect(last()).toMatchObject({ level: 'info', message: 'happened\nhere', component: 'test', controller: 'c', n: 1 });
});

test('below the level nothing is written, and fields cannot replace what every line has', () => {
  const { log, lines, last } = capture();
  log.debug('quiet');
  expect(lines).toEqual([]);
  log.warn('loud', { message: 'other', level: 'x' });
  expect(last()).toMatchObject({ message: 'loud', level: 'warn', fieldMessage: 'other', fieldLevel: 'x' });
});

test('secrets do not reach the log', () => {
  const { log, lines } = capture();
  const value = 'do-not-show';
  log.info('x', {
    password: value,
    nested: { accessToken: value, 'PGPASSWORD': value, headers: { Authorization: `Bearer ${value}` } },
    list: [{ client_secret: value, privateKey: value }],
    object: { kind: 'Secret', metadata: { name: 'seen' }, data: { a: value }, stringData: { b: value } },
  });
  expect(lines.join('')).not.toContain(value);
  expect(lines.join('')).toContain('seen');
  log.info('y', { secretName: 'seen-too', tokenPath: '/var/run/token' });
  expect(lines.join('')).toContain('seen-too');
});

test('errors are written with code and cause; nothing is without end', () => {
  const { log, last, lines } = capture();
  log.error('failed', { error: new AppError('Code', 'public', { retry: 'never', cause: new Error('why') }) });
  expect(last()['error']).toMatchObject({ name: 'AppError', code: 'Code', cause: { message: 'why' } });
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  log.info('loop', { loop, long: 'x'.repeat(100_000), many: Array.from({ length: 10_000 }, (_, i) => i) });
  expect(lines.at(-1)?.length).toBeLessThan(20_000);
});
