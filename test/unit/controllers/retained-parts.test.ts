import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { copyOfRetained } from '../../../src/controllers/apprestore/retained/source.js';
import { restoreSet } from '../../../src/controllers/apprestore/restore-set.js';
import { isMoved } from '../../../src/controllers/apprestore/steps.js';
import { chooseRetained } from '../../../src/controllers/appsnapshot/retained/choose.js';
import { decide, type EndingInput } from '../../../src/controllers/retained/decide.js';
import { partSecret, pointSecret } from '../../../src/controllers/retained/objects.js';
import { decodePoint, encodePoint, joinParts, mostArchiveBytes, pointOf, splitArchive, type PointFacts } from '../../../src/controllers/retained/point.js';
import type { ContentView } from '../../../src/snapshots/contents.js';
import { appRestore, appSnapshot, capture } from './apprestore-fixtures.js';
import { readySnapshot, start } from './copies-fixtures.js';

const claims = ['data-pg-0', 'wal-pg-0'];

function content(name: string, handle: string | undefined, ref: string): ContentView {
  return { metadata: { name, uid: `${name}-uid` }, ref: { namespace: 'shop', name: ref, uid: `${ref}-uid` }, driver: 'a.csi', deletionPolicy: 'Retain', handle, cut: true, ready: true, error: undefined, restoreSize: undefined, sourceVolumeMode: 'Filesystem', volumeHandles: [], members: [] };
}

function facts(parts: readonly Buffer[] = [], named = true): PointFacts {
  const snapshot = (claim: string) => ({ name: `snap-${claim}`, uid: `snap-${claim}-uid`, groupUid: 'g', claimName: claim, ready: true, restoreSize: '2Gi', error: undefined, deleting: false, content: content(`c-${claim}`, named ? `h-${claim}` : undefined, `snap-${claim}`) });
  return {
    namespaceUid: 'n-uid',
    parts,
    members: claims.map((claim) => ({ claim, claimUid: `uid-${claim}`, snapshot: `snap-${claim}`, snapshotUid: `snap-${claim}-uid`, content: `c-${claim}`, restoreSize: '2Gi', restoreBytes: undefined, ready: true, waitsFor: undefined })),
    observed: { groups: [{ name: 'g', uid: 'g', error: undefined, deleting: false, content: content('gc', 'hg', 'g') }], snapshots: claims.map(snapshot) },
  };
}

/** Another in every part. */
function bytes(length: number, seed: number): Buffer {
  const buffer = Buffer.alloc(length);
  for (let i = 0; i < length; i += 1) buffer[i] = (i * 31 + seed + Math.floor(i / 1000)) % 256;
  return buffer;
}

const configuration = { digest: 'sha256:1', objects: 3, secrets: ['x'] };
const point = pointOf(appSnapshot({ capture: configuration }), facts([Buffer.from('a'), Buffer.from('b')]));

describe('the document', () => {
  test('has what a restore needs: contents by uid, handles, sizes, facts; and the parts by their digests', () => {
    expect(point).toMatchObject({
      id: 'set-1',
      source: { namespace: 'shop', namespaceUid: 'n-uid', appSnapshot: { name: 's', uid: 'uid-s' } },
      grade: 'Frozen',
      applications: [{ name: 'pg', facts: { major: '15' } }],
      groups: [{ name: 'gc', uid: 'gc-uid', driver: 'a.csi', handle: 'hg' }],
      volumes: claims.map((claim) => ({ claim, uid: `uid-${claim}`, pods: ['pg-0'], restoreSize: '2Gi', content: { name: `c-${claim}`, uid: `c-${claim}-uid`, driver: 'a.csi', handle: `h-${claim}`, volumeMode: 'Filesystem' } })),
    });
    expect(point.capture?.parts).toHaveLength(2);
  });

  test('is not made of what the storage has not named', () => {
    expect(() => pointOf(appSnapshot(), facts([], false))).toThrow(expect.objectContaining({ code: 'SnapshotNotReady' }));
  });

  test('comes back as it was, whatever it says; with one other character it is refused', () => {
    const texts = fc.record({ reasons: fc.array(fc.string({ maxLength: 60 }), { maxLength: 5 }), positions: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ maxLength: 20 }), { maxKeys: 5 }), at: fc.nat(), by: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(texts, ({ reasons, positions, at, by }) => {
        const whole = { ...point, reasons, applications: point.applications.map((a) => ({ ...a, positions })) };
        const encoded = encodePoint(whole);
        expect(decodePoint(encoded, 'uid-s')).toEqual(whole);
        expect(encodePoint(decodePoint(encoded, 'uid-s'))).toEqual(encoded);
        const bytes = Buffer.from(encoded.text);
        bytes.writeUInt8(bytes.readUInt8(at % bytes.length) ^ by, at % bytes.length);
        expect(() => decodePoint({ ...encoded, text: bytes.toString('utf8') }, 'uid-s')).toThrow(expect.objectContaining({ code: 'RecoveryPointUnusable' }));
      }),
    );
  });

  test('of another AppSnapshot, of another form, or too large is refused', () => {
    expect(() => decodePoint(encodePoint(point), 'other')).toThrow(/it says that it is of AppSnapshot uid-s/);
    expect(() => encodePoint({ ...point, reasons: ['x'.repeat(1024 * 1024)] })).toThrow(expect.objectContaining({ code: 'RetainRefused' }));
  });
});

describe('the configuration', () => {
  const archives = fc.record({ length: fc.integer({ min: 1, max: 1_200_000 }), seed: fc.nat(255) }).map(({ length, seed }) => bytes(length, seed));

  test('comes back from its parts, each of which fits into a Secret; one that is gone, changed or swapped is found', () => {
    fc.assert(
      fc.property(archives, fc.nat(), fc.constantFrom('gone', 'changed', 'swapped'), (archive, which, what) => {
        const parts = splitArchive(archive);
        const digests = pointOf(appSnapshot({ capture: configuration }), facts(parts)).capture!.parts;
        for (const part of parts) expect(part.length).toBeLessThanOrEqual(512 * 1024);
        expect(joinParts(parts, digests).equals(archive)).toBe(true);
        const at = which % parts.length;
        const next = parts[(at + 1) % parts.length]!;
        const instead = what === 'gone' ? undefined : what === 'swapped' && parts.length > 1 ? next : Buffer.concat([parts[at]!, Buffer.from('x')]);
        expect(() => joinParts(parts.map((part, i) => (i === at ? instead : part)), digests)).toThrow(expect.objectContaining({ code: 'CaptureDamaged' }));
      }),
      { numRuns: 25 },
    );
  });

  test('that is too large is refused with what to do', () => {
    expect(splitArchive(Buffer.alloc(mostArchiveBytes)).length).toBeLessThan(24);
    expect(() => splitArchive(Buffer.alloc(mostArchiveBytes + 1))).toThrow(/spec\.capture\.exclude/);
  });
});

describe('Secrets', () => {
  test('have labels that the API server takes, whatever the name of the AppSnapshot', () => {
    const name = `${'a'.repeat(62)}.${'b'.repeat(100)}`;
    const long = { ...point, source: { ...point.source, appSnapshot: { name, uid: 'u' } } };
    for (const { metadata } of [pointSecret('ops', long, encodePoint(long)), partSecret('ops', long, 3, Buffer.from('x'))]) {
      for (const value of Object.values(metadata.labels ?? {})) expect(value).toMatch(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);
      expect(metadata.annotations?.['stillpoint.dev/retained-of']).toBe(`shop/${name}`);
    }
  });
});

describe('a ready copy', () => {
  const retained = { namespace: 'ops', secret: 's', complete: true };
  const plan = (deletionPolicy: string, status: object = {}, lost = false): string => chooseRetained(readySnapshot([], status, { deletionPolicy }), start, lost).kind;

  test('is retained, or not, as its spec says', () => {
    expect([plan('Delete'), plan('Delete', { retained }), plan('Retain'), plan('Retain', { retained }), plan('Retain', { retained }, true)]).toEqual(['none', 'release', 'retain', 'none', 'retain']);
  });

  test('is tried again after a pause', () => {
    const later = { ...retained, complete: false, retryAt: new Date(start + 5000).toISOString() };
    expect(chooseRetained(readySnapshot([], { retained: later }, { deletionPolicy: 'Retain' }), start, true)).toEqual({ kind: 'wait', seconds: 5 });
    expect(plan('Delete', { retained: later })).toBe('release');
  });
});

test('data goes only with a Secret of ours whose AppSnapshot is gone, which nobody reads, and not with the operator', () => {
  const inputs = fc.record<EndingInput>({ guarded: fc.boolean(), owner: fc.constantFrom('alive', 'leaving', 'gone'), operatorLeaves: fc.boolean(), inUse: fc.boolean(), hasContents: fc.boolean() });
  fc.assert(
    fc.property(inputs, (input) => {
      const plan = decide(input);
      if (plan === 'removeContents' || plan === 'removeSecrets') expect(input).toMatchObject({ guarded: true, owner: 'gone', operatorLeaves: false, inUse: false });
      if (plan === 'removeSecrets') expect(input.hasContents).toBe(false);
      if (plan === 'letGo') expect(input.owner).toBe('alive');
    }),
  );
});

describe('as a restore sees it', () => {
  const copy = copyOfRetained(point, 'digest');
  const restore = (namespace: string) => appRestore({ from: { retained: 'uid-s' } }, {}, { namespace });

  test('every claim is filled from an import, also in a namespace of the same name', () => {
    for (const namespace of ['shop', 'again']) {
      const names = restoreSet(restore(namespace), copy, capture()).claims.map(({ captured }) => (captured.object['spec'] as { dataSource: { name: string } }).dataSource.name);
      expect(names).toEqual(claims.map((claim) => `stillpoint-f00dfeed-0000-4000-8000-000000000000-uid-${claim}`));
    }
  });

  test('another name counts as a clone beside its original, and the same one as the original', () => {
    expect([isMoved(restore('shop'), copy), isMoved(restore('again'), copy)]).toEqual([false, true]);
    expect(copy.status).toEqual({ retained: 'uid-s', digest: 'digest', namespace: 'shop', cutAt: point.cutAt, setId: 'set-1', grade: 'Frozen' });
  });
});
