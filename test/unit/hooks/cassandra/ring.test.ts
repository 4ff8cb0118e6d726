import { describe, expect, test } from '@jest/globals';
import { ringBlockers, schemaBlockers, toldTogether, versionBlockers } from '../../../../src/hooks/cassandra/health.js';
import { ringCheck, schemaCheck } from '../../../../src/hooks/cassandra/ring-checks.js';
import { parseDescription, parseGossip, parseStatus } from '../../../../src/hooks/cassandra/ring.js';
import { describeCluster, describeClusterDown, gossipInfo, hostIds, status, statusDown } from './output.js';

const [first, second] = hostIds;
const ring = parseStatus(status);
const cluster = parseDescription(describeCluster);
const pods = [{ pod: 'db-0', address: '127.0.0.11' }, { pod: 'db-1', address: '127.0.0.12' }];
const views = pods.map(({ pod }) => ({ pod, ring }));

describe('what nodetool prints', () => {
  test('status', () => {
    expect(ring).toEqual([{ state: 'UN', address: '127.0.0.11', hostId: first }, { state: 'UN', address: '127.0.0.12', hostId: second }]);
    expect(parseStatus(statusDown).map((n) => n.state)).toEqual(['UN', 'DN']);
    expect(parseStatus([`UN  fd00:10:244:0:0:0:0:2a  1 KiB  4  100.0%  ${first}  rack1`])[0]?.address).toBe('fd00:10:244::2a');
    // Where nothing is known of a load there is a question mark.
    expect(parseStatus([`?N  10.0.0.7  ?  16  ?  ${first}  r1`])).toEqual([{ state: '?N', address: '10.0.0.7', hostId: first }]);
  });

  test('describecluster', () => {
    expect(cluster).toEqual({ name: 'host', schemas: { '31cf9a33-4aa4-3631-b426-7d839caa0a56': '127.0.0.11, 127.0.0.12' }, unreachable: undefined, versions: ['5.0.9'] });
    expect(parseDescription(describeClusterDown)).toMatchObject({ unreachable: '127.0.0.12' });
  });

  test('gossipinfo: members of the ring, not those that left', () => {
    const schema = '31cf9a33-4aa4-3631-b426-7d839caa0a56';
    expect(parseGossip(gossipInfo)).toEqual([
      { address: '127.0.0.11', hostId: first, generation: '1795551669', schema },
      { address: '127.0.0.12', hostId: second, generation: '1795551763', schema },
    ]);
    expect(parseGossip(gossipInfo.map((line) => line.replace('STATUS_WITH_PORT:44:NORMAL', 'STATUS_WITH_PORT:44:LEFT')))).toHaveLength(1);
  });
});

describe('the health gate', () => {
  test('a whole ring with one schema', () => {
    expect(ringBlockers('db', views, pods)).toEqual([]);
    expect(schemaBlockers('db', cluster)).toEqual([]);
    expect(versionBlockers('db', cluster)).toEqual([]);
  });

  test.each([
    ['a node that is down', ringBlockers('db', [{ pod: 'db-0', ring: parseStatus(statusDown) }], pods), 'ApplicationNotReady', 'sees the node 127.0.0.12'],
    ['a node that no pod of the copy is', ringBlockers('db', views, pods.slice(0, 1)), 'DataOutsideSet', 'let spec.selector match the claims of every node'],
    ['a pod that is not in the ring', ringBlockers('db', views, [...pods, { pod: 'db-2', address: '127.0.0.13' }]), 'ApplicationNotReady', 'Pod db-2 (127.0.0.13) is no node of the ring'],
    ['a pod without an address', ringBlockers('db', views, [...pods, { pod: 'db-2', address: undefined }]), 'ApplicationNotReady', 'no address'],
    ['an answer without nodes', ringBlockers('db', [...views, { pod: 'db-1', ring: [] }], pods), 'ApplicationNotReady', 'shows no node'],
    ['two schemas', schemaBlockers('db', { ...cluster, schemas: { a: '1', b: '2' } }), 'ApplicationNotReady', '2 schema versions'],
    ['a node whose schema is not known', schemaBlockers('db', parseDescription(describeClusterDown)), 'ApplicationNotReady', '127.0.0.12'],
    ['a version of which nothing is known', versionBlockers('db', { ...cluster, versions: ['6.0.1'] }), 'HoldNotPossible', '6.0.1; 4.0 to 5.0 are known'],
    ['a version that is too old', versionBlockers('db', { ...cluster, versions: ['3.11.17'] }), 'HoldNotPossible', '3.11.17'],
    ['two versions', versionBlockers('db', { ...cluster, versions: ['4.1.3', '5.0.9'] }), 'ApplicationNotReady', '4.1.3, 5.0.9'],
    ['no version', versionBlockers('db', { ...cluster, versions: [] }), 'ApplicationNotReady', 'no version'],
  ])('%s', (_, blockers, code, text) => {
    expect(blockers).toEqual([{ code, message: expect.stringContaining(text) }]);
  });
});

describe('what a plan tells', () => {
  const down = (n: number) => ({ code: 'ApplicationNotReady' as const, message: `${n} is down.` });
  const outside = { code: 'DataOutsideSet' as const, message: 'C is not in the copy.' };

  test('is all that is not ready in one, and the rest as it was', () => {
    expect(toldTogether([])).toEqual([]);
    expect(toldTogether([outside, down(1), outside, down(2)])).toEqual([outside, { code: 'ApplicationNotReady', message: '1 is down. 2 is down.' }, outside]);
  });

  test('is bounded', () => {
    const many = Array.from({ length: 7 }, (_, n) => down(n));
    expect(toldTogether(many).map((b) => b.message)).toEqual(['0 is down. 1 is down. 2 is down. 3 is down. 4 is down. And 2 more.']);
  });
});

describe('the ring of a copy', () => {
  const expected = hostIds.map((hostId, n) => ({ hostId, address: `10.0.0.${n}` }));
  const addresses = ['127.0.0.11', '127.0.0.12'];
  const app = { facts: { clusterName: 'host' } } as never;

  test('is the one of the facts, at new addresses', () => {
    expect(ringCheck('ring', expected, views, addresses)).toMatchObject({ outcome: 'Passed' });
    expect(schemaCheck('schema', app, cluster)).toMatchObject({ outcome: 'Passed' });
  });

  test.each([
    ['a node of the original', ringCheck('ring', expected, [{ pod: 'db-0', ring: [...ring, { state: 'DN', address: '10.0.0.1', hostId: second }] }], addresses), 'knows the node 10.0.0.1'],
    ['a node that lacks', ringCheck('ring', expected, [{ pod: 'db-0', ring: ring.slice(0, 1) }], addresses), `does not know the host id ${second}`],
    ['a node with another identity', ringCheck('ring', expected, [{ pod: 'db-0', ring: [...ring.slice(0, 1), { state: 'UN', address: '127.0.0.12', hostId: 'new' }] }], addresses), 'which is not of the copy'],
    ['a node that is down', ringCheck('ring', expected, [{ pod: 'db-0', ring: parseStatus(statusDown) }], addresses), 'in state DN'],
    ['another cluster', schemaCheck('schema', app, { ...cluster, name: 'other' }), 'is called other'],
    ['two schemas', schemaCheck('schema', app, { ...cluster, schemas: { a: '1', b: '2' } }), '2 schema versions'],
    ['a node that says nothing', schemaCheck('schema', app, parseDescription(describeClusterDown)), 'do not say theirs'],
  ])('%s fails it', (_, check, text) => {
    expect(check).toMatchObject({ outcome: 'Failed', message: expect.stringContaining(text) });
  });

  test('without facts nothing is known', () => {
    expect(ringCheck('ring', undefined, views, addresses)).toMatchObject({ outcome: 'Unknown' });
  });
});
