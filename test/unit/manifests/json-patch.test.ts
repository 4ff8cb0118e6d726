import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PatchOperation } from '../../../src/api/rewrite.js';
import { applyOperation, PatchError } from '../../../src/manifests/json-patch.js';

const patched = (document: unknown, ...operations: PatchOperation[]): unknown => operations.reduce(applyOperation, document);

describe('as RFC 6902 has it', () => {
  test.each<[string, unknown, PatchOperation[], unknown]>([
    ['A.1 a member is added', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { foo: 'bar', baz: 'qux' }],
    ['A.2 an element is added', { foo: ['bar', 'baz'] }, [{ op: 'add', path: '/foo/1', value: 'qux' }], { foo: ['bar', 'qux', 'baz'] }],
    ['A.3 a member is removed', { baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
    ['A.4 an element is removed', { foo: ['bar', 'qux', 'baz'] }, [{ op: 'remove', path: '/foo/1' }], { foo: ['bar', 'baz'] }],
    ['A.5 a value is replaced', { baz: 'qux', foo: 'bar' }, [{ op: 'replace', path: '/baz', value: 'boo' }], { baz: 'boo', foo: 'bar' }],
    ['A.6 a value is moved', { foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } }, [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }], { foo: { bar: 'baz' }, qux: { corge: 'grault', thud: 'fred' } }],
    ['A.7 an element is moved', { foo: ['all', 'grass', 'cows', 'eat'] }, [{ op: 'move', from: '/foo/1', path: '/foo/3' }], { foo: ['all', 'cows', 'eat', 'grass'] }],
    ['A.8 tests pass', { baz: 'qux', foo: ['a', 2, 'c'] }, [{ op: 'test', path: '/baz', value: 'qux' }, { op: 'test', path: '/foo/1', value: 2 }], { baz: 'qux', foo: ['a', 2, 'c'] }],
    ['A.10 an object is added within', { foo: 'bar' }, [{ op: 'add', path: '/child', value: { grandchild: {} } }], { foo: 'bar', child: { grandchild: {} } }],
    ['A.14 escapes in the order of RFC 6901', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }, { op: 'replace', path: '/~1', value: 1 }], { '/': 1, '~1': 10 }],
    ['A.16 a list is added to a list', { foo: ['bar'] }, [{ op: 'add', path: '/foo/-', value: ['abc', 'def'] }], { foo: ['bar', ['abc', 'def']] }],
    ['a member that is there is replaced by add', { foo: 'bar' }, [{ op: 'add', path: '/foo', value: null }], { foo: null }],
    ['null is a value', { foo: null }, [{ op: 'test', path: '/foo', value: null }, { op: 'copy', from: '/foo', path: '/bar' }], { foo: null, bar: null }],
    ['the place after the last element has a number, too', { foo: ['a'] }, [{ op: 'add', path: '/foo/1', value: 'b' }], { foo: ['a', 'b'] }],
    ['the whole document', { foo: 1 }, [{ op: 'test', path: '', value: { foo: 1 } }, { op: 'replace', path: '', value: { bar: 2 } }], { bar: 2 }],
    ['an empty key', { '': { a: 1 } }, [{ op: 'replace', path: '//a', value: 2 }], { '': { a: 2 } }],
    ['order of keys does not count in a test', { a: { x: 1, y: [{ p: 1, q: 2 }] } }, [{ op: 'test', path: '/a', value: { y: [{ q: 2, p: 1 }], x: 1 } }], { a: { x: 1, y: [{ p: 1, q: 2 }] } }],
    ['what is moved to where it is', { a: [1, 2] }, [{ op: 'move', from: '/a/0', path: '/a/0' }], { a: [1, 2] }],
    ['a key by which prototypes are changed is one like any other', {}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }], JSON.parse('{"__proto__":{"polluted":true}}')],
  ])('%s', (_what, before, operations, after) => {
    expect(JSON.stringify(patched(before, ...operations))).toBe(JSON.stringify(after));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test.each<[string, unknown, PatchOperation, string]>([
    ['A.9 a test that fails', { baz: 'qux' }, { op: 'test', path: '/baz', value: 'bar' }, '/baz has another value'],
    ['A.12 a parent that is not there', { foo: 'bar' }, { op: 'add', path: '/baz/bat', value: 'qux' }, 'there is no /baz/bat'],
    ['A.15 a number is no text', { '~1': 10 }, { op: 'test', path: '/~01', value: '10' }, '/~01 has another value'],
    ['replace of what is not there', { a: 1 }, { op: 'replace', path: '/b', value: 1 }, 'there is no /b'],
    ['remove of what is not there', { a: 1 }, { op: 'remove', path: '/b' }, 'there is no /b'],
    ['test of what is not there', { a: 1 }, { op: 'test', path: '/b', value: null }, 'there is no /b'],
    ['copy of what is not there', { a: 1 }, { op: 'copy', from: '/b', path: '/c' }, 'there is no /b'],
    ['an index beyond the end', { a: [1] }, { op: 'add', path: '/a/2', value: 1 }, 'there is no /a/2'],
    ['replace at the place after the last', { a: [1] }, { op: 'replace', path: '/a/-', value: 1 }, 'there is no /a/-'],
    ['remove at the place after the last', { a: [1] }, { op: 'remove', path: '/a/-' }, 'there is no /a/-'],
    ['an index with a zero before it', { a: [1, 2] }, { op: 'remove', path: '/a/01' }, 'there is no /a/01'],
    ['an index below zero', { a: [1, 2] }, { op: 'remove', path: '/a/-1' }, 'there is no /a/-1'],
    ['a word for an index', { a: [1, 2] }, { op: 'remove', path: '/a/length' }, 'there is no /a/length'],
    ['below a text', { a: 'text' }, { op: 'add', path: '/a/b', value: 1 }, 'there is no /a/b'],
    ['what every object inherits', {}, { op: 'replace', path: '/constructor', value: 1 }, 'there is no /constructor'],
    ['into itself', { a: { b: 1 } }, { op: 'move', from: '/a', path: '/a/b' }, '/a cannot go into itself'],
    ['the whole document removed', {}, { op: 'remove', path: '' }, 'the whole object cannot go'],
    ['no value', {}, { op: 'add', path: '/a' }, 'value is missing'],
    ['no from', {}, { op: 'move', path: '/a' }, 'from is missing'],
  ])('refused: %s', (_what, before, operation, says) => {
    expect(() => applyOperation(before, operation)).toThrow(new PatchError(says));
  });
});

test('what a test fails on is not told: it may be a secret', () => {
  expect(() => applyOperation({ data: { password: 'aHVudGVyMg==' } }, { op: 'test', path: '/data/password', value: 'c3dvcmRmaXNo' })).toThrow(/^\/data\/password has another value$/);
});

describe('properties', () => {
  const key = fc.constantFrom('a', 'b/c', 'd~e', '', '0');
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof({ maxDepth: 4 }, fc.constantFrom(null, 0, 1, 'x', true), fc.array(tie('tree'), { maxLength: 3 }), fc.dictionary(key, tie('tree'), { maxKeys: 3 })),
  }));
  const documents = fc.dictionary(key, tree, { minKeys: 1, maxKeys: 4 });
  const escape = (step: string | number): string => String(step).replaceAll('~', '~0').replaceAll('/', '~1');
  /** Every place in a value, as a pointer. */
  const places = (value: unknown, at = ''): string[] => {
    if (typeof value !== 'object' || value === null) return [at];
    const steps = Array.isArray(value) ? value.map((_, i) => i) : Object.keys(value);
    return [at, ...steps.flatMap((step) => places((value as Record<string | number, unknown>)[step], `${at}/${escape(step)}`))];
  };
  const placed = documents.chain((document) => fc.record({ document: fc.constant(document), path: fc.constantFrom(...places(document).filter((p) => p !== '')), value: tree }));

  test('what was replaced passes the test for its value, and goes back', () => {
    fc.assert(
      fc.property(placed, ({ document, path, value }) => {
        const before = JSON.stringify(document);
        const there = patched(document, { op: 'copy', from: path, path: '/kept' }, { op: 'replace', path, value }, { op: 'test', path, value });
        expect(JSON.stringify(document)).toBe(before);
        const back = patched(there, { op: 'remove', path }, { op: 'move', from: '/kept', path });
        expect(back).toEqual(document);
      }),
    );
  });

  test('what was added and removed leaves nothing', () => {
    fc.assert(
      fc.property(placed, ({ document, path, value }) => {
        expect(patched(document, { op: 'remove', path }, { op: 'add', path, value }, { op: 'test', path, value }, { op: 'replace', path, value: valueIn(document, path) })).toEqual(document);
      }),
    );
    function valueIn(document: unknown, path: string): unknown {
      return path.split('/').slice(1).reduce<unknown>((at, step) => (at as Record<string, unknown>)[step.replaceAll('~1', '/').replaceAll('~0', '~')], document);
    }
  });
});
