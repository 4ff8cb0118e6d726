import { expect, test } from '@jest/globals';
import { decidePoke } from '../../../src/snapshots/poke.js';

test('the delay doubles from 5 s to 5 min, counted in the annotation', () => {
  let now = Date.parse('2026-01-01T00:00:00Z');
  let annotation: string | undefined;
  const delays: number[] = [];
  for (let i = 0; i < 9; i += 1) {
    const decision = decidePoke(annotation, now);
    expect(decision.due).toBe(true);
    annotation = decision.value;
    expect(decidePoke(annotation, now + decision.againMillis - 1).due).toBe(false);
    expect(decidePoke(annotation, now + 1).againMillis).toBe(decision.againMillis - 1);
    delays.push(decision.againMillis);
    now += decision.againMillis;
  }
  expect(delays).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300].map((s) => s * 1000));
});

test('an annotation that makes no sense counts as none', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  for (const odd of ['', 'x', '3/never', '-1/2025-01-01T00:00:00Z', '1/2027-01-01T00:00:00Z']) {
    expect(decidePoke(odd, now)).toMatchObject({ due: true, value: '0/2026-01-01T00:00:00.000Z' });
  }
});
