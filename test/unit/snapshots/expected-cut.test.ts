import { describe, expect, test } from '@jest/globals';
import { expectedCut, shapesOf, type CutShape, type EarlierCut } from '../../../src/snapshots/expected-cut.js';

const group = (volumes: number, driver = 'a'): CutShape => ({ driver, kind: 'group', volumes });
const single = (volumes: number, driver = 'a'): CutShape => ({ driver, kind: 'single', volumes });
const took = (millis: number, ...shapes: CutShape[]): EarlierCut => ({ millis, shapes });

describe('expected cut', () => {
  test('nothing is known of a group that was never cut', () => {
    expect(expectedCut([group(16)], [])).toBeUndefined();
  });

  test('the fastest of the windows like it counts, also with fewer volumes, and none that is larger or of another make', () => {
    const earlier = [took(900, group(4)), took(700, group(2)), took(20, group(8)), took(10, single(4)), took(5, group(4, 'b')), took(3, group(4), group(1, 'b'))];
    expect(expectedCut([group(4)], earlier)).toEqual({ millis: 700, because: 'the fastest of the last 2 windows like it took 700 ms' });
    expect(expectedCut([group(4), group(1, 'b')], earlier)?.millis).toBe(3);
    expect(expectedCut([group(1)], earlier)).toBeUndefined();
  });

  test('many single snapshots take the sidecar longer than a hold may last', () => {
    expect(expectedCut([single(5)], [])).toBeUndefined();
    expect(expectedCut([single(16)], [])?.millis).toBe(4400);
    expect(expectedCut([single(30), single(2, 'b')], [])).toEqual({ millis: 10_000, because: 'the sidecar of driver a needs at least 10000 ms for 30 single snapshots at 5 requests a second' });
  });

  test('a window that shows a faster sidecar lowers the bound, one that shows a slower one does not raise it', () => {
    expect(expectedCut([single(30)], [took(1000, single(16))])).toMatchObject({ millis: expect.closeTo(50_000 / 22, 6) });
    expect(expectedCut([single(30)], [took(9000, single(16))])?.millis).toBe(10_000);
    expect(expectedCut([single(30)], [took(1, single(2))])?.millis).toBe(10_000);
  });

  test('the shapes of a plan are counted by driver and kind', () => {
    const claims = (...names: string[]) => names.map((name) => ({ name, uid: name, driver: 'a', volumeHandle: name }));
    expect(shapesOf([{ driver: 'a', kind: 'single', claims: claims('x') }, { driver: 'a', kind: 'single', claims: claims('y') }, { driver: 'b', kind: 'group', claims: claims('z', 'u') }])).toEqual([single(2), group(2, 'b')]);
  });
});
