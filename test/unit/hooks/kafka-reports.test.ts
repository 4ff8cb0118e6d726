import { describe, expect, test } from '@jest/globals';
import { endsAsPositions, endsInPositions, shorter } from '../../../src/hooks/kafka/ends.js';
import { healthBlockers, unhealthy } from '../../../src/hooks/kafka/health.js';
import { parseReports } from '../../../src/hooks/kafka/member.js';
import { contradictions } from '../../../src/hooks/kafka/positions.js';
import { parseEnds, parseGroups, parseHanging, parseProblems, parseQuorum, type Quorum } from '../../../src/hooks/kafka/reports.js';
import { endsCheck, groupsCheck } from '../../../src/hooks/kafka/verify.js';

/** Output of the tools of Kafka 4.3.1, of a controller with a broker (0) and a second broker (1) that was then killed. */
const quorumStatus = `ClusterId:              oGz6HSdhS7yqW8ExdvhBOQ
LeaderId:               0
LeaderEpoch:            2
HighWatermark:          165
MaxFollowerLag:         0
MaxFollowerLagTimeMs:   0
CurrentVoters:          [{"id": 0, "endpoints": ["CONTROLLER://127.0.0.20:9093"]}]
CurrentObservers:       [{"id": 1, "directoryId": "a6klOp2TYElmNUxe4ZTu3Q"}]`.split('\n');
const underReplicated = ['__consumer_offsets:0:0:1,0:0', 'led:0:0:0,1:0', 'led:1:0:1,0:0'].map((row) => {
  const [topic, partition, leader, replicas, inSync] = row.split(':');
  return `\tTopic: ${topic ?? ''}\tPartition: ${partition ?? ''}\tLeader: ${leader ?? ''}\tReplicas: ${replicas ?? ''}\tIsr: ${inSync ?? ''}\tElr: \tLastKnownElr: `;
});
const groups = `
GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID     HOST            CLIENT-ID
cg              led             0          1               2               1               -               -               -
cg              led             1          2               2               0               -               -               -
cg              led             2          9               2               -7              -               -               -`.split('\n');
const hangingHeader = 'Topic\tPartition\tProducerId\tProducerEpoch\tCoordinatorEpoch\tStartOffset\tLastTimestamp\tDuration(min)\t';

const quorum = parseQuorum(quorumStatus) as Quorum;

describe('what the tools print', () => {
  test('the status of the quorum, of version 4 and of 3', () => {
    expect(quorum).toEqual({ clusterId: 'oGz6HSdhS7yqW8ExdvhBOQ', leader: 0, epoch: 2, lag: 0, lagMillis: 0, voters: [0], observers: [1], voterHosts: ['127.0.0.20'] });
    const older = quorumStatus.map((line) => line.replace(/^(CurrentVoters: +).*/, '$1[3000,3001]').replace(/^(CurrentObservers: +).*/, '$1[]'));
    expect(parseQuorum(older)).toMatchObject({ voters: [3000, 3001], observers: [], voterHosts: [] });
    expect(parseQuorum(quorumStatus.slice(1))).toBeUndefined();
    expect(parseQuorum([])).toBeUndefined();
  });

  test('partitions that lack replicas, and those without a leader', () => {
    expect(parseProblems(underReplicated)).toEqual([
      { topic: '__consumer_offsets', partition: 0, leader: 0, replicas: [1, 0], inSync: [0] },
      { topic: 'led', partition: 0, leader: 0, replicas: [0, 1], inSync: [0] },
      { topic: 'led', partition: 1, leader: 0, replicas: [1, 0], inSync: [0] },
    ]);
    expect(parseProblems(['\tTopic: led\tPartition: 2\tLeader: none\tReplicas: 1\tIsr: \tElr: \tLastKnownElr: 1'])).toEqual([{ topic: 'led', partition: 2, leader: undefined, replicas: [1], inSync: [] }]);
    expect(parseProblems(['', 'WARN something'])).toEqual([]);
  });

  test('ends of partitions; one that does not say its end is an error', () => {
    expect([...parseEnds(['led:0:2', 'a.b-c_d:11:0'])]).toEqual([['led:0', 2], ['a.b-c_d:11', 0]]);
    expect(() => parseEnds(['led:0:2', 'led:1:'])).toThrow(RangeError);
    expect(() => parseEnds(['Error: no leader'])).toThrow(RangeError);
  });

  test('offsets of groups; what is not committed is left out', () => {
    expect(parseGroups(groups)).toEqual([
      { group: 'cg', topic: 'led', partition: 0, committed: 1, end: 2 },
      { group: 'cg', topic: 'led', partition: 1, committed: 2, end: 2 },
      { group: 'cg', topic: 'led', partition: 2, committed: 9, end: 2 },
    ]);
    expect(parseGroups(['my group        led             0          -               2               -               -               -               -'])).toEqual([]);
    expect(parseGroups(['my group        led             0          7               -               -               -               -               -'])).toMatchObject([{ group: 'my group', committed: 7, end: undefined }]);
  });

  test('hanging transactions', () => {
    expect(parseHanging([hangingHeader])).toEqual([]);
    expect(parseHanging([hangingHeader, 'led\t1\t1000\t0\t-1\t5\t1764015780000\t0\t'])).toEqual(['led:1']);
  });

  test('a report without its end is not there, and a failed one has its code', () => {
    const sections = parseReports('stillpoint-report ends\nled:0:2\n\nstillpoint-ended 0\nstillpoint-report quorum\n\nstillpoint-ended 1\nstillpoint-report groups\nGROUP');
    expect([...sections]).toEqual([['ends', { lines: ['led:0:2'], code: 0 }], ['quorum', { lines: [], code: 1 }]]);
  });
});

describe('health', () => {
  const whole = (change: Partial<Quorum> = {}) => unhealthy({ ...quorum, ...change }, []);

  test('a whole cluster has no problem; a follower between two fetches is none', () => {
    expect(whole()).toEqual([]);
    expect(whole({ lag: 3, lagMillis: 400 })).toEqual([]);
    expect(whole({ lag: 0, lagMillis: -1 })).toEqual([]);
  });

  test('each problem is told in words', () => {
    expect(unhealthy(undefined, [])).toEqual(['the quorum of controllers does not say how it is']);
    expect(whole({ leader: -1 })).toEqual(['the quorum of controllers has no leader']);
    expect(whole({ lag: 30, lagMillis: 9000 })).toEqual(['a controller is 30 records of metadata and 9000 ms behind the leader']);
    // A voter that had been stopped before the leader was elected.
    expect(whole({ lag: 300, lagMillis: -1 })).toEqual(['a controller lacks 300 records of metadata, and this leader has not heard of it yet']);
    const offline = { topic: 'led', partition: 2, leader: undefined, replicas: [1], inSync: [] };
    expect(unhealthy(quorum, [...parseProblems(underReplicated), offline])).toEqual([
      '1 partition without a leader (led-2 on 1: none in sync)',
      '3 partitions with fewer replicas in sync than there are (__consumer_offsets-0 on 1,0: 0 in sync; led-0 on 0,1: 0 in sync; led-1 on 1,0: 0 in sync)',
    ]);
    expect(healthBlockers('orders', quorum, [offline])).toMatchObject([{ code: 'ApplicationNotReady', message: expect.stringContaining('orders is not whole: 1 partition without a leader') }]);
  });

  test('names five partitions and counts the rest', () => {
    const many = Array.from({ length: 9 }, (_, partition) => ({ topic: 'led', partition, leader: 0, replicas: [0, 1], inSync: [0] }));
    expect(unhealthy(quorum, many)[0]).toMatch(/^9 partitions .*led-4 on 0,1: 0 in sync; and 4 more\)$/);
  });
});

describe('ends as positions', () => {
  const ends = new Map([['b:1', 20], ['a:0', 7], ['b:0', 10], ['b:10', 5], ['b:2', 30]]);

  test('are kept by topic and read back', () => {
    const positions = endsAsPositions('ends', ends);
    expect(positions).toEqual({ 'ends.0': 'a/0=7 b/0=10,20,30 b/10=5', endsPartitions: '5' });
    expect(endsInPositions('ends', positions)).toEqual({ partitions: 5, ends });
    expect(endsInPositions('releasedEnds', positions)).toBeUndefined();
    expect(endsInPositions('ends', endsAsPositions('ends', new Map()))).toEqual({ partitions: 0, ends: new Map() });
  });

  test('no value is longer than status lets it be, and what does not fit is counted', () => {
    const many = new Map(Array.from({ length: 900 }, (_, n) => [`topic-${String(n % 30).padStart(2, '0')}:${Math.floor(n / 30)}`, 1_000_000 + n]));
    const positions = endsAsPositions('ends', many);
    expect(Object.keys(positions)).toEqual(['ends.0', 'ends.1', 'ends.2', 'ends.3', 'ends.4', 'endsPartitions']);
    expect(Math.max(...Object.values(positions).map((value) => value.length))).toBeLessThanOrEqual(256);
    const back = endsInPositions('ends', positions);
    expect(back?.partitions).toBe(900);
    expect(back?.ends.size).toBeGreaterThan(100);
    for (const [name, end] of back?.ends ?? []) expect(end).toBe(many.get(name));
  });

  test('a partition that ends earlier, or is gone, is named', () => {
    expect(shorter(ends, new Map([...ends, ['b:2', 31]]))).toEqual([]);
    expect(shorter(ends, new Map([...[...ends].filter(([name]) => name !== 'a:0'), ['b:2', 29]]))).toEqual(['a:0 (7, now not there)', 'b:2 (30, now 29)']);
  });
});

describe('positions before and after the hold', () => {
  const before = { clusterId: 'x', quorum: 'leader 0, epoch 2', ...endsAsPositions('ends', new Map([['led:0', 5]])) };
  const after = (end: number, more: object = {}) => ({ releasedClusterId: 'x', releasedQuorum: 'leader 0, epoch 2', ...endsAsPositions('releasedEnds', new Map([['led:0', end]])), ...more });

  test('the same or more, also after an election of a controller, is nothing against the copy', () => {
    expect(contradictions(before, after(5))).toEqual([]);
    expect(contradictions(before, after(9, { releasedQuorum: 'leader 2, epoch 3' }))).toEqual([]);
  });

  test('another cluster, a log that ends earlier, and what is not known cap the grade', () => {
    expect(contradictions(before, after(5, { releasedClusterId: 'y' }))).toMatchObject([{ grade: 'CrashConsistent', reason: expect.stringContaining('as cluster x before the hold and as y after it') }]);
    expect(contradictions(before, after(4))).toMatchObject([{ grade: 'CrashConsistent', reason: expect.stringContaining('led:0 (5, now 4)') }]);
    expect(contradictions({}, after(5))).toHaveLength(2);
    expect(contradictions(before, {})).toHaveLength(2);
  });
});

describe('checks of a restored copy', () => {
  const copy = { positions: endsAsPositions('ends', new Map([['led:0', 2], ['led:1', 2]])) };

  test('records: every end is where it was, or later', () => {
    expect(endsCheck(copy, ['led:0:2', 'led:1:3'])).toMatchObject({ outcome: 'Passed', message: '2 partitions end where they did before the hold or later.' });
    expect(endsCheck(copy, ['led:0:2', 'led:1:1'])).toMatchObject({ outcome: 'Failed', message: '1 partitions end before they did then: led:1 (2, now 1).' });
    expect(endsCheck(copy, ['led:0:2'])).toMatchObject({ outcome: 'Failed' });
    expect(endsCheck(copy, ['led:0:2', 'led:1:'])).toMatchObject({ outcome: 'Unknown' });
    expect(endsCheck({ positions: {} }, ['led:0:2'])).toMatchObject({ outcome: 'Unknown' });
    expect(endsCheck({ positions: { ...copy.positions, endsPartitions: '9' } }, ['led:0:2', 'led:1:3'])).toMatchObject({ outcome: 'Passed', message: expect.stringContaining('7 more were not noted') });
  });

  test('groups: nobody has committed what is not there', () => {
    expect(groupsCheck(groups)).toMatchObject({ outcome: 'Failed', message: '1 of 3 offsets lie beyond the end of the log: cg: led-2 at 9, log ends at 2.' });
    expect(groupsCheck(groups.slice(0, 4))).toMatchObject({ outcome: 'Passed', message: '2 offsets of 1 groups.' });
    expect(groupsCheck([])).toMatchObject({ outcome: 'Passed' });
  });
});
