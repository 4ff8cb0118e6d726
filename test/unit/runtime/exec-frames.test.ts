import { describe, expect, test } from '@jest/globals';
import { channels, closeStdinFrame, frame, outcomeOfStatus } from '../../../src/runtime/exec-frames.js';
import { TailBuffer } from '../../../src/runtime/tail-buffer.js';

test('frames carry their channel in front', () => {
  expect([...frame(channels.stdin, 'ä\n')]).toEqual([0, 0xc3, 0xa4, 0x0a]);
  expect([...frame(channels.stdin, Buffer.of(1, 2))]).toEqual([0, 1, 2]);
  expect([...closeStdinFrame()]).toEqual([255, 0]);
});

describe('the status channel', () => {
  const exit = (causes: unknown): string => JSON.stringify({ status: 'Failure', reason: 'NonZeroExitCode', details: { causes } });
  test.each([
    ['success', '{"metadata":{},"status":"Success"}', { kind: 'exited', code: 0 }],
    ['an exit code', exit([{ reason: 'ExitCode', message: '137' }]), { kind: 'exited', code: 137 }],
    ['an infrastructure failure', '{"status":"Failure","reason":"InternalError","message":"m"}', { kind: 'failed', reason: 'InternalError', message: 'm' }],
    ['a failure without words', '{"status":"Failure"}', { kind: 'failed', reason: 'InternalError', message: 'no message' }],
  ])('%s', (_name, text, expected) => expect(outcomeOfStatus(text)).toEqual(expected));

  test.each([
    ['no JSON', 'oops'],
    ['a failure that names no code', exit([])],
    ['a code that is no number', exit([{ reason: 'ExitCode', message: 'x' }])],
    ['a status of an unknown kind', '{"status":"Maybe"}'],
    ['an empty object', '{}'],
  ])('%s is lost, never success', (_name, text) => expect(outcomeOfStatus(text).kind).toBe('lost'));
});

describe('a tail buffer', () => {
  test('keeps the end and knows whether something is missing', () => {
    const tail = new TailBuffer(5);
    tail.push(Buffer.from('abc'));
    tail.push(Buffer.from('de'));
    expect([tail.text(), tail.truncated]).toEqual(['abcde', false]);
    tail.push(Buffer.from('fghi'));
    expect([tail.text(), tail.truncated]).toEqual(['efghi', true]);
    tail.push(Buffer.from('0123456789'));
    expect(tail.text()).toBe('56789');
  });
});
