import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseLine, type HolderEvent } from '../../../src/hooks/hold/protocol.js';

const id = 'hold-1a';

/** As the holders encode values: everything outside `[A-Za-z0-9._~:/,+-]`, byte by byte. */
function encode(value: string): string {
  return [...Buffer.from(value)].map((b) => (/[A-Za-z0-9._~:/,+-]/.test(String.fromCharCode(b)) ? String.fromCharCode(b) : `%${b.toString(16).toUpperCase().padStart(2, '0')}`)).join('');
}

function line(event: string, fields: Record<string, string>, holder = id): string {
  return ['STILL1', holder, event, ...Object.entries(fields).map(([k, v]) => `${k}=${encode(v)}`)].join(' ');
}

const count = fc.integer({ min: 0, max: 1e12 });
const word = fc.stringMatching(/^[a-z]{1,12}$/);
/** An event and the fields that a holder writes for it. */
const events: fc.Arbitrary<[HolderEvent, Record<string, string>]> = fc.oneof(
  fc.tuple(count, count, count).map(([targets, volumes, gates]): [HolderEvent, Record<string, string>] => [
    { kind: 'ready', targets, volumes, gates },
    { targets: `${targets}`, volumes: `${volumes}`, ...(gates === 0 ? {} : { gates: `${gates}` }) },
  ]),
  count.map((gateMicros): [HolderEvent, Record<string, string>] => [{ kind: 'gated', gateMicros }, { gateMicros: `${gateMicros}`, at: '12.34' }]),
  fc.tuple(count, count, fc.boolean(), fc.boolean(), fc.option(count, { nil: undefined })).map(([f, s, synced, fenced, settledMicros]): [HolderEvent, Record<string, string>] => [
    { kind: 'frozen', freezeMicros: f, syncMicros: s, synced, fenced, settledMicros },
    { freezeMicros: `${f}`, syncMicros: `${s}`, at: '12.34', ...(synced ? {} : { sync: 'none' }), ...(fenced ? { fenced: 'true' } : {}), ...(settledMicros === undefined ? {} : { settledMicros: `${settledMicros}` }) },
  ]),
  fc.tuple(word, count).map(([why, heldMicros]): [HolderEvent, Record<string, string>] => [{ kind: 'broken', why, heldMicros }, { why, heldMicros: `${heldMicros}` }]),
  count.map((heldMicros): [HolderEvent, Record<string, string>] => [{ kind: 'released', why: 'release', unbroken: true, heldMicros }, { why: 'release', unbroken: 'true', heldMicros: `${heldMicros}` }]),
  fc.tuple(fc.uuid(), fc.constantFrom('mounted' as const, 'kept' as const), fc.string({ unit: 'grapheme', maxLength: 300 })).map(([ref, state, at]): [HolderEvent, Record<string, string>] => [{ kind: 'volume', ref, state, at }, { ref, state, at, device: '/dev/loop1' }]),
  fc.uuid().map((ref): [HolderEvent, Record<string, string>] => [{ kind: 'volume', ref, state: 'free', at: '' }, { ref, state: 'free' }]),
  count.map((volumes): [HolderEvent, Record<string, string>] => [{ kind: 'looked', volumes }, { volumes: `${volumes}`, views: '3' }]),
  fc.tuple(word, fc.string({ unit: 'grapheme', maxLength: 300 })).map(([code, message]): [HolderEvent, Record<string, string>] => [{ kind: 'error', code, message }, { code, message, fatal: 'true' }]),
);

describe('lines of a holder', () => {
  test('every event is read as it was written', () => {
    fc.assert(fc.property(events, ([event, fields]) => expect(parseLine(line(event.kind, fields), id)).toEqual({ kind: 'event', event })));
  });

  test('an event of another id, or text in front of it, is foreign', () => {
    fc.assert(
      fc.property(events, word, ([event, fields], other) => {
        expect(parseLine(line(event.kind, fields, `hold-${other}-x`), id)).toEqual({ kind: 'foreign' });
        expect(parseLine(`${other}${line(event.kind, fields)}`, id)).toEqual({ kind: 'foreign' });
      }),
    );
    expect(parseLine(line('armed', {}, 'hold-1'), id).kind).toBe('foreign');
    expect(parseLine(line('armed', {}, 'hold-1ab'), id).kind).toBe('foreign');
  });

  test('anything can be read without throwing, and what is no event proves nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string().map((s) => `STILL1 ${id} ${s}`), fc.string().map((s) => `STILL1 ${id} released ${s}`)), (text) => {
        const parsed = parseLine(text, id);
        if (parsed.kind === 'event' && parsed.event.kind === 'released') expect(text).toMatch(/unbroken=(true|false)/);
      }),
    );
  });

  test('a line with a field missing, doubled or changed is malformed, never a weaker event', () => {
    for (const text of [
      'released why=release heldMicros=1',
      'released why=release unbroken=yes heldMicros=1',
      'released why=release unbroken=true heldMicros=1 unbroken=true',
      'released why=release unbroken=true heldMicros=-1',
      'released why=release unbroken=true heldMicros=1.5',
      'released  why=release unbroken=true heldMicros=1',
      'frozen freezeMicros=1',
      'frozen freezeMicros=1 syncMicros=0x1',
      'ready targets=1',
      'broken heldMicros=1',
      'ended why=a%2',
      'error message=x',
      `ended why=eof x=${'a'.repeat(9000)}`,
    ]) {
      expect([text.slice(0, 80), parseLine(`STILL1 ${id} ${text}`, id).kind]).toEqual([text.slice(0, 80), 'malformed']);
    }
  });

  test('only the release itself can be unbroken', () => {
    expect(parseLine(line('released', { why: 'takeover', unbroken: 'true', heldMicros: '5' }), id)).toEqual({
      kind: 'event',
      event: { kind: 'released', why: 'takeover', unbroken: false, heldMicros: 5 },
    });
  });

  test('events of later versions are foreign, also when they are named like a property of objects', () => {
    for (const name of ['thawed', 'constructor', '__proto__', '']) expect(parseLine(`STILL1 ${id} ${name}`, id).kind).toBe('foreign');
  });

  test('bytes that are no text do not make a message unreadable', () => {
    expect(parseLine(`STILL1 ${id} error code=X message=a%FFb%0A`, id)).toEqual({ kind: 'event', event: { kind: 'error', code: 'X', message: 'a\uFFFDb\n' } });
  });
});
