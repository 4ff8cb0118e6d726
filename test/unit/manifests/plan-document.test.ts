import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { packPlan, plannedEntry, plannedObjects, unpackPlan, type PlannedObject } from '../../../src/manifests/plan-document.js';
import { captured } from './objects.js';

const kib = 1024;
const large = 768 * kib;
const secret = captured('', 'Secret', { data: { password: Buffer.from('hunter2').toString('base64') } }, { name: 'login' });

describe('entries', () => {
  test('what is made is there in full, what changes as changes, the rest with its reason', () => {
    const web = captured('apps', 'Deployment', { spec: { replicas: 1 } });
    const changes = [{ path: '/data/a', from: '"1"', to: '"2"' }];
    expect(
      plannedObjects(
        [
          { verdict: 'create', captured: web },
          { verdict: 'change', captured: captured('', 'ConfigMap', {}), changes },
          { verdict: 'skip', captured: captured('', 'Service', {}), why: 'is there already, the same' },
          { verdict: 'refuse', captured: captured('', 'Role', {}), why: 'no: never' },
        ],
        'salt',
      ),
    ).toEqual([
      { verdict: 'create', object: 'deployments.apps/x', manifest: web.object },
      { verdict: 'change', object: 'configmaps/x', changes },
      { verdict: 'skip', object: 'services/x', why: 'is there already, the same' },
      { verdict: 'refuse', object: 'roles/x', why: 'no: never' },
    ]);
  });

  test('values of Secrets are not in them', () => {
    const text = JSON.stringify(plannedObjects([{ verdict: 'create', captured: secret }], 'salt'));
    expect(text).toMatch(/"password":"7 bytes, [0-9a-f]{12}"/);
    expect(text).not.toMatch(/hunter2|aHVudGVyMg/);
    expect(JSON.stringify(plannedObjects([{ verdict: 'create', captured: secret }], 'other'))).not.toBe(text);
  });

  test('what status says of others is taken apart', () => {
    expect(plannedEntry('refuse', 'spec.rewrite.patches[0].patch[1]: replace /a of x/y: there is no /a')).toEqual({ verdict: 'refuse', object: 'spec.rewrite.patches[0].patch[1]', why: 'replace /a of x/y: there is no /a' });
  });
});

describe('the document', () => {
  const entry = (verdict: PlannedObject['verdict'], n: number, more: object = {}): PlannedObject => ({ verdict, object: `configmaps/${n}`, ...more });
  /** Does not become smaller by packing. */
  const noise = (bytes: number): object => ({ manifest: { data: randomBytes(bytes).toString('base64') } });

  test('comes back as it was, what is refused first', () => {
    const objects = [entry('skip', 1, { why: 'w' }), entry('create', 2, { manifest: { a: 1 } }), entry('change', 3, { changes: [{ path: '/a', to: '1' }] }), entry('refuse', 4, { why: 'w' })];
    const { packed, cut } = packPlan('shop', objects, large);
    expect(cut).toBe(0);
    expect(unpackPlan(packed)).toEqual({ namespace: 'shop', cut: 0, objects: [...objects].reverse() });
  });

  test('is cut where it is too large: what is made last loses its content, never a name or a reason', () => {
    const objects = Array.from({ length: 40 }, (_, i) => entry(i % 4 === 0 ? 'refuse' : 'create', i, i % 4 === 0 ? { why: 'w' } : noise(kib)));
    const { packed, cut } = packPlan('shop', objects, 16 * kib);
    const document = unpackPlan(packed);
    expect(packed.length).toBeLessThanOrEqual(16 * kib);
    expect(cut).toBeGreaterThan(0);
    expect([document.cut, document.objects.length, document.objects.filter((o) => o.why !== undefined).length]).toEqual([cut, 40, 10]);
    const made = document.objects.filter(({ verdict }) => verdict === 'create');
    expect(made.map(({ manifest }) => manifest !== undefined)).toEqual(made.map((_, i) => i < 30 - cut));
    expect(cut).toBeLessThan(30);
  });

  test('is cut before packing would take long', () => {
    const objects = Array.from({ length: 3 }, (_, i) => entry('create', i, { manifest: { data: 'x'.repeat(4 * kib * kib) } }));
    const { packed, cut } = packPlan('shop', objects, large);
    expect(cut).toBe(2);
    expect(unpackPlan(packed).objects.map(({ manifest }) => manifest !== undefined)).toEqual([true, false, false]);
  });

  test('what is no plan is not read', () => {
    expect(() => unpackPlan(Buffer.from('x'))).toThrow();
    expect(() => unpackPlan(gzipSync('{"format":"stillpoint.dev/plan-v9"}'))).toThrow(/not in a form/);
  });
});
