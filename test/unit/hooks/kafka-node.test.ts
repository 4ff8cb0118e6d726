import { describe, expect, test } from '@jest/globals';
import type { CopiedApplication, Detected } from '../../../src/hooks/adapter.js';
import { factsOf } from '../../../src/hooks/kafka/facts.js';
import { fixups } from '../../../src/hooks/kafka/fixups.js';
import { parseLook } from '../../../src/hooks/kafka/look.js';
import { clientPropertiesOf } from '../../../src/hooks/kafka/member.js';
import { bootstrapOf, clusterIdOf, millisOf, nodeId, peersOf, rolesOf, versionOf, type KafkaNode } from '../../../src/hooks/kafka/node.js';
import { capsOf, missingNodes, nodeBlockers } from '../../../src/hooks/kafka/preflight.js';
import type { Quorum } from '../../../src/hooks/kafka/reports.js';

/** What the look program printed in a pod of the test image. */
const looked = `process 1
command java
property process.roles=broker,controller
property node.id=0
property controller.quorum.voters=0@kafka-0.kafka:9093,1@kafka-1.kafka:9093,2@kafka-2.kafka:9093
property listeners=PLAINTEXT://:9092,CONTROLLER://:9093
property advertised.listeners=PLAINTEXT://kafka-0.kafka:9092
property controller.listener.names=CONTROLLER
property inter.broker.listener.name=PLAINTEXT
property listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
property log.dirs=/data/kafka
directory /data/kafka
meta node.id=0
meta version=1
meta cluster.id=y78kHuvtum_V5lezxWD8nQ
mount /data /data
mount /tmp /tmp
tools /opt/kafka/bin/ .sh
version 4.3.1
end
`;

function node(id: number, change: { properties?: Record<string, string>; version?: string } = {}): KafkaNode {
  const parsed = parseLook(looked.replaceAll('node.id=0', `node.id=${id}`));
  if (parsed === undefined) throw new Error('the fixture is not whole');
  return { ...parsed, ...change, properties: { ...parsed.properties, ...change.properties }, pod: `kafka-${id}`, container: 'kafka' };
}

const app: Detected = { name: 'kafka', kind: 'Kafka', pods: ['kafka-0', 'kafka-1', 'kafka-2'], container: {}, rank: 60, by: 'image kafka', mode: 'Auto', credentialsSecret: undefined };
const quorum: Quorum = { clusterId: 'y78kHuvtum_V5lezxWD8nQ', leader: 2, epoch: 1, lag: 0, lagMillis: 0, voters: [0, 1, 2], observers: [], voterHosts: ['kafka-0.kafka', 'kafka-1.kafka', 'kafka-2.kafka'] };

describe('a node', () => {
  test('as the program found it', () => {
    const found = node(0);
    expect(found).toMatchObject({ processName: 'java', tools: { directory: '/opt/kafka/bin/', suffix: '.sh' }, version: '4.3.1', directories: [{ path: '/data/kafka' }] });
    expect([...found.mounts]).toEqual([['/data', '/data'], ['/tmp', '/tmp']]);
    expect([nodeId(found), rolesOf(found), clusterIdOf(found), versionOf(found)]).toEqual([0, ['broker', 'controller'], 'y78kHuvtum_V5lezxWD8nQ', { major: 4, minor: 3 }]);
    expect(parseLook(looked.replace('end\n', ''))).toBeUndefined();
  });

  test('the last of a setting counts: the command line comes after the file', () => {
    expect(parseLook(looked.replace('directory', 'property node.id=7\ndirectory'))?.properties['node.id']).toBe('7');
  });

  test.each([
    ['3.9.1', { major: 3, minor: 9 }],
    ['7.9.0-ccs', { major: 3, minor: 9 }],
    ['8.0.0-ce', { major: 4, minor: 0 }],
    ['trunk', undefined],
  ])('version %s', (version, expected) => {
    expect(versionOf(node(0, { version }))).toEqual(expected);
  });

  test('limits are those of its own configuration', () => {
    expect(millisOf(node(0), 'broker.session.timeout.ms', 9000)).toBe(9000);
    expect(millisOf(node(0, { properties: { 'broker.session.timeout.ms': '30000' } }), 'broker.session.timeout.ms', 9000)).toBe(30_000);
    expect(millisOf(node(0, { properties: { 'broker.session.timeout.ms': '${env:X}' } }), 'broker.session.timeout.ms', 9000)).toBe(9000);
  });
});

describe('where tools connect to', () => {
  const secured = { listeners: 'CONTROLPLANE-9090://0.0.0.0:9090,REPLICATION-9091://0.0.0.0:9091,TLS-9093://0.0.0.0:9093', 'controller.listener.names': 'CONTROLPLANE-9090', 'listener.security.protocol.map': 'CONTROLPLANE-9090:SSL,REPLICATION-9091:SSL,TLS-9093:SASL_SSL' };

  test('a listener for clients that asks for no credentials', () => {
    expect(bootstrapOf(node(0), undefined)).toBe('localhost:9092');
    expect(bootstrapOf(node(0, { properties: { listeners: 'CONTROLLER://10.0.0.1:9093,PLAINTEXT://10.0.0.1:9094' } }), undefined)).toBe('10.0.0.1:9094');
  });

  test('the one whose protocol the client configuration has', () => {
    expect(bootstrapOf(node(0, { properties: secured }), 'sasl.mechanism=SCRAM-SHA-512\nsecurity.protocol=SASL_SSL\n')).toBe('localhost:9093');
  });

  test('without one it is said what to do', () => {
    expect(() => bootstrapOf(node(0, { properties: secured }), undefined)).toThrow(expect.objectContaining({ code: 'ApplicationNotReady', publicMessage: expect.stringContaining('name a Secret with client.properties in credentialsSecretRef') }));
    expect(() => bootstrapOf(node(0), 'security.protocol=SASL_SSL')).toThrow(expect.objectContaining({ publicMessage: expect.stringContaining('correct security.protocol') }));
  });

  test('a Secret without the key is named, and none is needed', async () => {
    const secret = (data: Record<string, string>) => () => Promise.resolve(data);
    expect(await clientPropertiesOf(undefined, secret({}))).toBeUndefined();
    expect(await clientPropertiesOf('login', secret({ 'client.properties': 'a=b' }))).toBe('a=b');
    await expect(clientPropertiesOf('login', secret({ username: 'x' }))).rejects.toMatchObject({ code: 'InvalidSpec', publicMessage: expect.stringContaining('Secret login of credentialsSecretRef needs the key client.properties') });
  });
});

describe('the plan', () => {
  test('a whole node has nothing against it', () => {
    expect(nodeBlockers(node(0))).toEqual([]);
    expect(capsOf(node(0))).toEqual([]);
  });

  test('with ZooKeeper, too old, too new: refused with the way out', () => {
    expect(nodeBlockers(node(0, { properties: { 'process.roles': '' } }))).toMatchObject([{ code: 'HoldNotPossible', message: expect.stringContaining('ZooKeeper') }]);
    for (const version of ['3.6.2', '7.6.0-ccs', '5.0.0']) expect(nodeBlockers(node(0, { version }))).toMatchObject([{ code: 'HoldNotPossible', message: expect.stringContaining('kind Generic') }]);
    for (const version of ['3.7.0', '7.7.0-ccs', '4.0.0']) expect(nodeBlockers(node(0, { version }))).toEqual([]);
  });

  test('volumes that are not formatted', () => {
    expect(nodeBlockers({ ...node(0), directories: [{ path: '/data/kafka', meta: {} }] })).toMatchObject([{ code: 'ApplicationNotReady', message: expect.stringContaining('/data/kafka') }]);
  });

  test('tiered storage is outside of the copy', () => {
    expect(capsOf(node(0, { properties: { 'remote.log.storage.system.enable': 'true' } }))).toMatchObject([{ grade: 'CrashConsistent', reason: expect.stringContaining('Tiered storage') }]);
  });

  test('every node of the cluster must be in the copy, observers too', () => {
    const nodes = [node(0), node(1), node(2)];
    expect(missingNodes(app, nodes, quorum)).toEqual([]);
    expect(missingNodes(app, nodes.slice(0, 2), quorum)).toMatchObject([{ code: 'DataOutsideSet', message: expect.stringContaining('Node 2 of the cluster belongs to no pod of kafka') }]);
    expect(missingNodes(app, nodes, { ...quorum, observers: [11, 10] })).toMatchObject([{ message: expect.stringContaining('Nodes 10, 11 of the cluster belong to no pod') }]);
  });
});

describe('facts and fix-ups', () => {
  const nodes = [node(0), node(1), node(2)];
  const copy = (peers?: string): CopiedApplication => ({
    name: 'kafka',
    kind: 'Kafka',
    version: '4.3.1',
    members: nodes.map((n) => ({ pod: n.pod, role: 'broker-controller', container: 'kafka' })),
    positions: {},
    facts: { ...factsOf(app, nodes, quorum, ['data-kafka-0']), ...(peers !== undefined && { peers }) },
    startFiles: [],
    setId: 'set-1',
  });
  const target = (isolated: boolean) => ({ isolated, from: 'shop', to: 'drill' });

  test('say what a restore needs', () => {
    expect(copy().facts).toEqual({
      clusterId: 'y78kHuvtum_V5lezxWD8nQ',
      clients: '4.3.1',
      controllers: 'kafka-0, kafka-1, kafka-2',
      quorum: 'leader 2, epoch 1',
      peers: 'kafka-0.kafka, kafka-1.kafka, kafka-2.kafka',
      claims: 'data-kafka-0',
      'node.0': 'kafka-0 /data/kafka',
      'node.1': 'kafka-1 /data/kafka',
      'node.2': 'kafka-2 /data/kafka',
    });
  });

  test('peers are those of brokers and controllers, not of clients', () => {
    const listeners = { 'advertised.listeners': 'PLAINTEXT://kafka-0.kafka:9092,OUTSIDE://shop.example.com:32000' };
    expect(peersOf(node(0, { properties: listeners }))).toEqual(['kafka-0.kafka', 'kafka-1.kafka', 'kafka-2.kafka']);
    expect(peersOf(node(0, { properties: { 'controller.quorum.voters': '', 'controller.quorum.bootstrap.servers': 'boot.kafka:9093' } }))).toEqual(['boot.kafka', 'kafka-0.kafka']);
  });

  test('one step for each node, everything variable an argument of its own', () => {
    const steps = fixups(copy(), target(true));
    expect(steps.map((s) => [s.pod, s.container, s.command.slice(4)])).toEqual([0, 1, 2].map((id) => [`kafka-${id}`, 'kafka', ['y78kHuvtum_V5lezxWD8nQ', String(id), '/data/kafka']]));
  });

  test.each(['kafka-0.kafka.shop.svc.cluster.local', 'kafka-0.kafka.shop', '10.0.0.7', 'fd00::7', 'broker.example.com', 'kafka.shop'])('a clone is not started that knows its nodes as %s', (peer) => {
    expect(() => fixups(copy(peer), target(true))).toThrow(expect.objectContaining({ code: 'RestoreFailed', publicMessage: expect.stringContaining(peer) }));
    expect(fixups(copy(peer), target(false))).toHaveLength(3);
  });

  test.each(['kafka-0.kafka', 'kafka-0', 'kafka'])('%s leads to the clone itself', (peer) => {
    expect(fixups(copy(peer), target(true))).toHaveLength(3);
  });
});
