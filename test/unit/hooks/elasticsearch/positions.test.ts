import { describe, expect, test } from '@jest/globals';
import type { ShardCopy } from '../../../../src/hooks/elasticsearch/answers.js';
import { packed, recordedCheckpoints, shardPositions, unpacked } from '../../../../src/hooks/elasticsearch/checkpoints.js';
import { contradictions, evidence, warmUp } from '../../../../src/hooks/elasticsearch/positions.js';
import { bodies } from './captured.js';
import { contextOf, detected, green, replaying, type Bodies } from './server.js';

const before = (answers: Bodies = green) => warmUp(detected(), contextOf(replaying(answers).exec));
const after = (answers: Bodies = green) => evidence(detected(), contextOf(replaying(answers).exec));
const primary = (index: string, shard: number, checkpoint: number): ShardCopy => ({ index, shard, prirep: 'p', state: 'STARTED', node: 'n1', docs: 1, 'seq_no.max': checkpoint, 'seq_no.global_checkpoint': checkpoint });

describe('positions', () => {
  test('before the hold: flushed first, then where every shard stands', async () => {
    const { exec, runs } = replaying(green);
    expect(await warmUp(detected(), contextOf(exec))).toEqual({
      flushed: '8 of 8 copies of shards',
      clusterUuid: '13n7S3ybQYi5k2EmPcewHg',
      master: 'n2',
      stateVersion: '20',
      nodes: expect.stringMatching(/^3 [0-9a-f]{16}$/),
      shards: '3',
      'shards.0': 'ledger[0]=12 ledger[1]=13 ledger[2]=12',
    });
    expect(runs.map((run) => run.target.command.includes('POST'))).toEqual([true, false]);
  });

  test('an account that may not flush is no reason to stop', async () => {
    expect(await before({ ...green, '/_flush': [403, '{"error":"no permissions"}'] })).toMatchObject({ flushed: 'no: 403 {"error":"no permissions"}', shards: '3' });
  });

  test('they fit into status, together', async () => {
    const both = { ...(await before()), ...(await after()) };
    expect(Object.keys(both).length + 5).toBeLessThanOrEqual(16);
    expect(Object.values(both).every((value) => value.length <= 256)).toBe(true);
  });

  test('where nothing happened, nothing contradicts', async () => {
    expect(contradictions(await before(), await after())).toEqual([]);
  });

  test('another master, and a state that went on, say nothing against the copy', async () => {
    const later = { ...green, '/_cluster/state': [200, bodies.state.replace('20', '23').replace('pzgCJHzIQ3K-zwvjboksuQ', 'zSKV-agsQzGYSeo-ETii6w')] } as const;
    expect(await after(later)).toMatchObject({ releasedMaster: 'n3', releasedStateVersion: '23' });
    expect(contradictions(await before(), await after(later))).toEqual([]);
  });

  test.each<[string, Bodies, RegExp]>([
    ['a node was restarted', { ...green, '/_nodes/jvm': [200, bodies.nodes.replace('1795552171241', '1795552999999')] }, /restarted, left or joined during the window \(nodes before: 3, after: 3\)/],
    ['a node left', { ...green, '/_nodes/jvm': [200, bodies.nodes.replace(/,"zSKV-agsQzGYSeo-ETii6w":.*/, '}}')] }, /nodes before: 3, after: 2/],
    ['another cluster answers', { ...green, '/_cluster/state': [200, bodies.state.replace('13n7S3', 'other0')] }, /another cluster answers/],
    ['the state went back', { ...green, '/_cluster/state': [200, bodies.state.replace('20', '19')] }, /went from 20 to 19/],
  ])('%s: the grade is capped', async (_, later, reason) => {
    expect(contradictions(await before(), await after(later))).toEqual([{ grade: 'CrashConsistent', reason: expect.stringMatching(reason) }]);
  });

  test('positions that are not there are no agreement', () => {
    expect(contradictions({}, {}).map((cap) => cap.grade)).toEqual(['CrashConsistent', 'CrashConsistent', 'CrashConsistent']);
  });

  test('more shards than status has room for: those of users first, and how many there were', () => {
    const copies = [primary('.internal', 0, 7), ...Array.from({ length: 200 }, (_, n) => primary(`orders-2026.${n}`, 0, 1000 + n))];
    const positions = shardPositions(copies);
    const { recorded, shards } = recordedCheckpoints(positions);
    expect(shards).toBe(201);
    expect(recorded.size).toBeGreaterThan(50);
    expect(recorded.has('.internal[0]')).toBe(false);
    expect(recorded.get('orders-2026.0[0]')).toBe(1000);
    expect(Object.keys(positions)).toHaveLength(7);
    expect(Object.values(positions).every((value) => value.length <= 256)).toBe(true);
  });

  test('three values fit into the metadata of a snapshot (1024 bytes), whatever names are made of', () => {
    const copies = Array.from({ length: 200 }, (_, n) => primary(`märchen-日本語-${n}`, 0, 1000 + n));
    const metadata = { stillpoint: `${'0'.repeat(36)}-10`, ...shardPositions(copies, 3) };
    expect(Buffer.byteLength(JSON.stringify(metadata))).toBeLessThan(1024);
    expect(recordedCheckpoints(metadata).recorded.size).toBeGreaterThan(20);
  });

  test('numbers by name, there and back', () => {
    expect(unpacked('documents', packed('documents', [['b', 2], ['a=1', 1]], 4))).toEqual({ numbers: new Map([['a=1', 1], ['b', 2]]), count: 2 });
    expect(unpacked('documents', { 'documentsx.0': 'a=1' })).toEqual({ numbers: new Map(), count: undefined });
  });
});
