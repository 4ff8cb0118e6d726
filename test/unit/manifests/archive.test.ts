import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pack, unpack } from '../../../src/manifests/archive.js';
import { canonicalJson, digestOf, sorted, type Capture } from '../../../src/manifests/captured.js';
import { captured } from './objects.js';

const capture = (objects: Capture['objects']): Capture => ({ namespace: 'shop', objects: sorted(objects), missing: [], digest: digestOf(objects) });

describe('archive', () => {
  test('comes back as it was; the digest does not depend on the order of objects or keys', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { maxLength: 5 });
    fc.assert(
      fc.property(names, fc.dictionary(fc.string(), fc.jsonValue()), (list, data) => {
        const objects = list.map((name) => captured('', 'ConfigMap', { data: JSON.parse(JSON.stringify(data)) as object }, { name }));
        const whole = capture(objects);
        expect(unpack(pack(whole), whole.digest).objects).toEqual(whole.objects);
        expect(digestOf([...objects].reverse())).toBe(whole.digest);
      }),
    );
    expect(canonicalJson({ b: 1, a: [{ d: null, c: undefined }] })).toBe('{"a":[{"d":null}],"b":1}');
  });

  test.each([
    ['noise', Buffer.from('not gzip')],
    ['another format', gzipSync('{"format":"x","namespace":"shop","objects":[]}')],
    ['no JSON', gzipSync('{')],
    ['an object sent to another type', gzipSync(JSON.stringify({ format: 'stillpoint.dev/capture-v1', namespace: 'shop', objects: [{ ...captured('', 'ConfigMap', {}), type: captured('', 'Secret', {}).type }] }))],
  ])('%s is damaged', (_what, archive) => {
    expect(() => unpack(archive, 'sha256:x')).toThrow(expect.objectContaining({ code: 'CaptureDamaged' }));
  });

  test('one changed value is found', () => {
    const whole = capture([captured('', 'ConfigMap', { data: { a: '1' } })]);
    const forged = pack(capture([captured('', 'ConfigMap', { data: { a: '2' } })]));
    expect(() => unpack(forged, whole.digest)).toThrow(expect.objectContaining({ code: 'CaptureDamaged' }));
  });
});
