import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { admit, type WindowLimits, type WindowRequest } from '../../../src/controllers/window-admission.js';
import { createWindowLine, type WindowLine } from '../../../src/controllers/window-line.js';
import { FakeClock } from '../runtime/fake-clock.js';

const limits: WindowLimits = { global: 16, perDriver: 8, perNode: 4 };

function request(key: string, more: Partial<WindowRequest> = {}): WindowRequest {
  return { key, since: 0, namespace: key.split('/')[0] ?? '', drivers: ['csi'], nodes: ['n1'], ...more };
}
const keys = (requests: readonly WindowRequest[]): string[] => requests.map((r) => r.key);

describe('admit', () => {
  test('so many on a node, of a driver, and in all; the oldest first', () => {
    const onOneNode = Array.from({ length: 10 }, (_, i) => request(`ns${i}/a`, { since: 10 - i }));
    expect(keys(admit(onOneNode, [], limits))).toEqual(['ns9/a', 'ns8/a', 'ns7/a', 'ns6/a']);
    const everywhere = onOneNode.map((r, i) => ({ ...r, nodes: [`n${i}`] }));
    expect(admit(everywhere, [], limits)).toHaveLength(8);
    const ofEveryDriver = Array.from({ length: 30 }, (_, i) => request(`ns${i}/a`, { nodes: [`n${i}`], drivers: [`csi-${i}`] }));
    expect(admit(ofEveryDriver, [], limits)).toHaveLength(16);
  });

  test('one in a namespace, in order', () => {
    expect(keys(admit([request('ns/b', { since: 1 }), request('ns/a', { since: 2 })], [], limits))).toEqual(['ns/b']);
    expect(admit([request('ns/b')], [request('ns/a')], limits)).toEqual([]);
  });

  test('who needs other nodes passes by, but not on what the first in line waits for', () => {
    const open = Array.from({ length: 4 }, (_, i) => request(`open${i}/a`));
    const wide = request('wide/a', { since: 1, nodes: ['n1', 'n2'] });
    const small = Array.from({ length: 6 }, (_, i) => request(`small${i}/a`, { since: 2, nodes: ['n2'] }));
    // Three of the four places on n2: the fourth is kept for the wide one.
    expect(keys(admit([...small, wide], open, limits))).toEqual(['small0/a', 'small1/a', 'small2/a']);
  });

  const requests = fc.array(
    fc.record({ ns: fc.nat(30), since: fc.nat(5), drivers: fc.uniqueArray(fc.constantFrom('d1', 'd2'), { maxLength: 2 }), nodes: fc.uniqueArray(fc.constantFrom('n1', 'n2', 'n3', 'n4'), { maxLength: 4 }) }),
    { maxLength: 60 },
  );
  const bounds = fc.record({ global: fc.integer({ min: 1, max: 8 }), perDriver: fc.integer({ min: 1, max: 5 }), perNode: fc.integer({ min: 1, max: 4 }) });

  test('whoever comes and goes: never above a limit, everybody has a turn, and whoever is the only one has it at once', () => {
    fc.assert(
      fc.property(requests, bounds, fc.infiniteStream(fc.nat(7)), (list, bound, ends) => {
        let waiting = list.map(({ ns, ...r }, i) => request(`ns${ns}/${i}`, r));
        let open: WindowRequest[] = [];
        let rounds = 0;
        while (waiting.length > 0 || open.length > 0) {
          const now = admit(waiting, open, bound);
          if (open.length === 0) expect(keys(now)).toContain([...waiting].sort((a, b) => a.since - b.since || (a.key < b.key ? -1 : 1))[0]?.key);
          waiting = waiting.filter((r) => !now.includes(r));
          open = [...open, ...now];
          expectWithin(open, bound);
          open = open.filter((_, i) => i !== (ends.next().value ?? 0) % open.length);
          if ((rounds += 1) > 200) throw new Error(`${waiting.length} never have a turn`);
        }
      }),
    );
  });

  test('the first in line is not kept waiting by any number of later ones', () => {
    const wide = request('wide/a', { since: 0, nodes: ['n1', 'n2', 'n3'] });
    let open = ['n1', 'n2', 'n3'].flatMap((node) => Array.from({ length: 4 }, (_, i) => request(`${node}-${i}/a`, { nodes: [node], drivers: [node] })));
    let later = 0;
    for (let round = 0; round < 12; round += 1) {
      const crowd = Array.from({ length: 12 }, () => request(`later${(later += 1)}/a`, { since: 1, nodes: [`n${1 + (later % 3)}`], drivers: [`n${1 + (later % 3)}`] }));
      const now = admit([wide, ...crowd], open, limits);
      if (now.includes(wide)) return;
      open = [...open, ...now].slice(1);
    }
    throw new Error('the wide one never had a turn');
  });
});

function expectWithin(open: readonly WindowRequest[], { global, perDriver, perNode }: WindowLimits): void {
  const most = (of: (r: WindowRequest) => readonly string[]): number => Math.max(0, ...[...new Set(open.flatMap(of))].map((name) => open.filter((r) => of(r).includes(name)).length));
  expect({ global: open.length <= global, driver: most((r) => r.drivers) <= perDriver, node: most((r) => r.nodes) <= perNode, namespace: most((r) => [r.namespace]) <= 1 }).toEqual({ global: true, driver: true, node: true, namespace: true });
}

describe('the line', () => {
  async function leader(bound: WindowLimits = limits): Promise<{ line: WindowLine; woken: string[]; clock: FakeClock }> {
    const clock = new FakeClock();
    const woken: string[] = [];
    const line = createWindowLine({ limits: bound, clock, wake: (key) => woken.push(key) });
    line.begin();
    await clock.advance(1000);
    return { line, woken, clock };
  }

  test('who may go goes at once; who may not is woken when a window ends, in order', async () => {
    const { line, woken } = await leader({ global: 1, perDriver: 1, perNode: 1 });
    const end = line.ask(request('a/1'));
    expect(end).toBeDefined();
    expect(line.ask(request('c/1', { since: 2 }))).toBeUndefined();
    expect(line.ask(request('b/1', { since: 1 }))).toBeUndefined();
    expect({ woken, count: line.count() }).toEqual({ woken: [], count: { open: 1, waiting: 2 } });
    end?.();
    end?.();
    expect(woken).toEqual(['b/1']);
    const second = line.ask(request('b/1', { since: 1 }));
    second?.();
    expect(woken).toEqual(['b/1', 'c/1']);
    expect(line.ask(request('c/1', { since: 2 }))).toBeDefined();
  });

  test('who leaves, or is gone when its turn has come, makes room', async () => {
    const { line, woken } = await leader({ global: 1, perDriver: 1, perNode: 1 });
    const end = line.ask(request('a/1'));
    for (const key of ['b/1', 'c/1', 'd/1']) line.ask(request(key));
    line.leave('b/1');
    end?.();
    expect(woken).toEqual(['c/1']);
    line.leave('c/1');
    expect(woken).toEqual(['c/1', 'd/1']);
    // Leaving does not end a window that is open.
    line.ask(request('d/1'));
    line.leave('d/1');
    expect(line.count()).toEqual({ open: 1, waiting: 0 });
  });

  test('who has moved to another node since it was called needs a place there', async () => {
    const { line, woken } = await leader({ global: 3, perDriver: 3, perNode: 1 });
    const [first, other] = [line.ask(request('a/1')), line.ask(request('b/1', { nodes: ['n2'] }))];
    expect(line.ask(request('c/1'))).toBeUndefined();
    first?.();
    expect(woken).toEqual(['c/1']);
    expect(line.ask(request('c/1', { nodes: ['n2'] }))).toBeUndefined();
    other?.();
    expect(line.ask(request('c/1', { nodes: ['n2'] }))).toBeDefined();
  });

  test('a new leader listens first: the oldest go first, not those that were heard first', async () => {
    const clock = new FakeClock();
    const woken: string[] = [];
    const line = createWindowLine({ limits, clock, wake: (key) => woken.push(key) });
    line.begin();
    for (let i = 0; i < 10; i += 1) expect(line.ask(request(`ns${i}/a`, { since: 100 - i }))).toBeUndefined();
    expect(line.listens()).toBe(true);
    await clock.advance(1000);
    expect(line.listens()).toBe(false);
    expect(woken).toEqual(['ns9/a', 'ns8/a', 'ns7/a', 'ns6/a']);
  });

  test('200 namespaces due at once: every one has its window, never more at a time than the limits', async () => {
    const { line, woken } = await leader();
    const all = Array.from({ length: 200 }, (_, i) => request(`ns${i}/tick`, { nodes: [`n${i % 3}`], drivers: [i % 5 === 0 ? 'other' : 'csi'] }));
    const byKey = new Map(all.map((r) => [r.key, r]));
    const open = new Map<string, () => void>();
    const done: string[] = [];
    const ask = (r: WindowRequest): void => {
      const end = line.ask(r);
      if (end !== undefined) open.set(r.key, end);
    };
    for (const r of all) ask(r);
    while (open.size > 0) {
      expectWithin([...open.keys()].map((key) => byKey.get(key)!), limits);
      const [key, end] = [...open][0]!;
      open.delete(key);
      done.push(key);
      end();
      for (const next of woken.splice(0)) ask(byKey.get(next)!);
    }
    expect(done.sort()).toEqual(keys(all).sort());
    expect(line.count()).toEqual({ open: 0, waiting: 0 });
  });
});
