import { PassThrough } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { WatchFrame } from '../../../src/runtime/watch-stream.js';
import { LineSplitter, parseFrame, readFrames } from '../../../src/runtime/watch-stream.js';
import { FakeClock } from './fake-clock.js';

test('lines come out whole, wherever the bytes are cut', () => {
  const line = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).map((s) => s.replace(/\n/g, ' '));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (lines, sizes) => {
      const bytes = Buffer.from(lines.map((l) => `${l}\n`).join(''));
      const splitter = new LineSplitter(1024);
      const out: string[] = [];
      for (let at = 0, i = 0; at < bytes.length; i += 1) {
        const size = sizes[i % sizes.length] ?? 1;
        out.push(...splitter.push(bytes.subarray(at, at + size)));
        at += size;
      }
      expect(out).toEqual(lines);
      expect(splitter.pendingBytes).toBe(0);
    }),
  );
});

test('a line without end is noticed', () => {
  const splitter = new LineSplitter(10);
  splitter.push(Buffer.from('01234567890'));
  expect(splitter.overflow).toBe(true);
});

test('a torn line is no frame', () => {
  expect(parseFrame('{"type":"ADDED","object":{"metadata":{"name":"a"}}}')).toMatchObject({ type: 'ADDED' });
  for (const line of ['{"type":"ADDED","obj', '{}', 'null', '"x"', '{"type":"ADDED"}']) expect(parseFrame(line)).toBeUndefined();
});

describe('a stream', () => {
  const frame = (name: string): string => `${JSON.stringify({ type: 'ADDED', object: { metadata: { name } } })}\n`;
  const read = (onFrame: (frame: WatchFrame) => boolean = () => true) => {
    const stream = new PassThrough();
    const clock = new FakeClock();
    const names: string[] = [];
    const end = readFrames(stream as unknown as IncomingMessage, {
      clock,
      silenceMillis: 1_000,
      onFrame: (f) => {
        names.push(f.object.metadata.name);
        return onFrame(f);
      },
    });
    return { stream, clock, names, end };
  };

  test('that ends between frames has ended', async () => {
    const { stream, names, end } = read();
    stream.end(frame('a') + frame('b'));
    expect(await end).toBe('ended');
    expect(names).toEqual(['a', 'b']);
  });

  test('that ends within a frame is broken, and nothing of the torn frame gets through', async () => {
    const { stream, names, end } = read();
    stream.end(frame('a') + frame('b').slice(0, 20));
    expect(await end).toBe('broken');
    expect(names).toEqual(['a']);
  });

  test('with a line that is no frame is broken', async () => {
    const { stream, end } = read();
    stream.write('not json\n');
    expect(await end).toBe('broken');
  });

  test('that says nothing for too long is broken, and every byte counts as life', async () => {
    const { stream, clock, end } = read();
    await clock.advance(900);
    stream.write(frame('a'));
    await clock.advance(900);
    let over = false;
    void end.then(() => (over = true));
    await clock.advance(50);
    expect(over).toBe(false);
    await clock.advance(100);
    expect(await end).toBe('broken');
    expect(clock.pending).toBe(0);
  });

  test('is over when the reader says so, and fails with what the reader throws', async () => {
    const stopped = read((f) => f.object.metadata.name !== 'a');
    stopped.stream.write(frame('a') + frame('b'));
    expect(await stopped.end).toBe('ended');
    expect(stopped.names).toEqual(['a']);
    const thrown = read(() => {
      throw new Error('reader');
    });
    thrown.stream.write(frame('a'));
    await expect(thrown.end).rejects.toThrow('reader');
  });
});
