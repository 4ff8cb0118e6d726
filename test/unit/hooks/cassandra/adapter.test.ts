import { describe, expect, test } from '@jest/globals';
import type { CopiedApplication } from '../../../../src/hooks/adapter.js';
import { parsePaths } from '../../../../src/hooks/cassandra/data.js';
import { factsOf, ringOf } from '../../../../src/hooks/cassandra/facts.js';
import { fixups } from '../../../../src/hooks/cassandra/fixups.js';
import { contradictions } from '../../../../src/hooks/cassandra/positions.js';
import type { Instance } from '../../../../src/hooks/cassandra/preflight.js';
import * as programs from '../../../../src/hooks/cassandra/programs.js';
import { parseStatus } from '../../../../src/hooks/cassandra/ring.js';
import { hostIds, status } from './output.js';

const [first, second] = hostIds;
const instance = (pod: string): Instance => ({
  pod,
  configuration: {
    file: '/etc/cassandra/cassandra.yaml', clusterName: 'orders', directories: [{ what: 'data directory', path: '/d' }], storagePort: 7000, nativePorts: [9042],
    commitLog: { sync: 'periodic', buffered: undefined }, writeTimeoutMillis: 2000, overridden: false,
  },
  data: { claims: { 'data directory': `data-${pod}`, 'commit log directory': `data-${pod}` }, blockers: [] },
  view: { pod, ring: parseStatus(status) },
});
const pods = [{ pod: 'db-0', address: '127.0.0.11' }, { pod: 'db-1', address: '127.0.0.12' }];
const facts = factsOf([instance('db-0'), instance('db-1')], pods);
const app: CopiedApplication = {
  name: 'db', kind: 'Cassandra', version: '5.0.9', members: ['db-0', 'db-1'].map((pod) => ({ pod, role: 'node', container: 'cassandra' })), positions: {}, facts, startFiles: [], setId: 'set-1',
};

describe('facts of a copy', () => {
  test('say who is in the ring and where', () => {
    expect(facts).toEqual({
      clusterName: 'orders', nodes: '2', 'ring.0': `${first} 127.0.0.11, ${second} 127.0.0.12`, storagePort: '7000', commitLog: 'periodic, memory-mapped',
      directories: 'data directory: /d', claims: 'db-0: data-db-0; db-1: data-db-1',
    });
    expect(ringOf(facts)).toEqual([{ hostId: first, address: '127.0.0.11' }, { hostId: second, address: '127.0.0.12' }]);
  });

  test('of a large ring are in several values, each within its length', () => {
    const ring = Array.from({ length: 40 }, (_, n) => ({ state: 'UN', address: `fd00:1234:5678:9abc:def0:1234:5678:${1000 + n}`, hostId: first.slice(0, -2) + String(10 + n) }));
    const large = factsOf([{ ...instance('db-0'), view: { pod: 'db-0', ring } }], ring.map((node, n) => ({ pod: `db-${n}`, address: node.address })));
    expect(ringOf(large)).toEqual(ring.map(({ hostId, address }) => ({ hostId, address })));
  });

  test('that lack a part are no facts', () => {
    expect(ringOf({ ...facts, nodes: '3' })).toBeUndefined();
    expect(ringOf({})).toBeUndefined();
  });
});

describe('fix-ups', () => {
  const target = (isolated: boolean) => ({ isolated, from: 'shop', to: 'drill' });

  test('a clone is kept from its original by one step, whose variable parts are arguments', () => {
    expect(fixups(app, target(true))).toEqual([
      {
        name: 'apart', pod: 'db-0', container: 'cassandra', command: ['sh', '-c', programs.apartProgram, 'stillpoint', '3', '127.0.0.11 7000', '127.0.0.12 7000'],
        description: 'checks that no node of the original in shop can be reached from drill',
      },
    ]);
  });

  test('in place there is nothing to do; without facts a clone is not started', () => {
    expect(fixups(app, target(false))).toEqual([]);
    expect(() => fixups({ ...app, facts: {} }, target(true))).toThrow(expect.objectContaining({ code: 'RestoreFailed' }));
  });
});

describe('positions', () => {
  test('a node that started again, or none that says so, contradicts the hold', () => {
    expect(contradictions({ started: 'a 1, b 2' }, { releasedStarted: 'a 1, b 2' })).toEqual([]);
    for (const after of [{ releasedStarted: 'a 1, b 3' }, { releasedStarted: 'a 1' }, {}]) {
      expect(contradictions({ started: 'a 1, b 2' }, after as Record<string, string>)).toMatchObject([{ grade: 'CrashConsistent' }]);
    }
    expect(contradictions({}, {})).toHaveLength(1);
  });
});

describe('paths of the data', () => {
  test('each by its number, links by their names', () => {
    expect(parsePaths(['path 0 /data', 'link /data/ks /fast/ks', 'path 1 /commit log'])).toEqual({ resolved: ['/data', '/commit log'], links: [{ from: '/data/ks', to: '/fast/ks' }] });
  });
});
