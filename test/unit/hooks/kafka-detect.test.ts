import { describe, expect, test } from '@jest/globals';
import { detect, operatorOf } from '../../../src/hooks/kafka/detect.js';
import { container, namespace, pod } from './namespaces.js';

const strimzi = { 'strimzi.io/kind': 'Kafka', 'strimzi.io/cluster': 'orders' };

/** As each operator or chart labels its nodes (docs/kafka.md says which of them are verified). */
const operators = [
  {
    by: 'Strimzi',
    rank: 100,
    labels: { ...strimzi, 'strimzi.io/name': 'orders-kafka', 'strimzi.io/component-type': 'kafka', 'strimzi.io/broker-role': 'true', 'strimzi.io/controller-role': 'false', 'strimzi.io/pool-name': 'brokers' },
    containers: [container('kafka', 'quay.io/strimzi/kafka:0.45.0-kafka-3.9.0')],
    server: 'kafka',
  },
  {
    by: 'Confluent for Kubernetes',
    rank: 100,
    labels: { 'confluent-platform': 'true', type: 'kraftcontroller', app: 'kraftcontroller', clusterId: 'orders' },
    containers: [container('kraftcontroller', 'confluentinc/cp-server:7.9.0')],
    server: 'kraftcontroller',
  },
  { by: 'Koperator', rank: 100, labels: { app: 'kafka', kafka_cr: 'orders', brokerId: '101' }, containers: [container('kafka', 'ghcr.io/adobe/kafka:2.13-3.9.1')], server: 'kafka' },
  {
    by: 'Bitnami chart',
    rank: 90,
    labels: { 'app.kubernetes.io/name': 'kafka', 'app.kubernetes.io/instance': 'orders', 'app.kubernetes.io/component': 'controller-eligible' },
    containers: [container('kafka', 'docker.io/bitnami/kafka:4.0')],
    server: 'kafka',
  },
];

describe('detection of Kafka', () => {
  test.each(operators)('$by', ({ by, rank, labels, containers, server }) => {
    const view = namespace(pod('orders-2', { labels, containers }), pod('orders-1', { labels, containers }));
    expect(detect(view)).toEqual([
      { name: 'orders', kind: 'Kafka', pods: ['orders-1', 'orders-2'], container: { 'orders-1': server, 'orders-2': server }, rank, by, mode: 'Auto', credentialsSecret: undefined },
    ]);
    expect(operatorOf(pod('orders-1', { labels, containers }))).toBe(rank === 100 ? by : undefined);
  });

  test.each([
    ['apache/kafka:4.3.1', [9092]],
    ['confluentinc/cp-kafka:8.0.0', [9093]],
    ['registry.example/team/my-kafka@sha256:0123', [9094]],
  ])('plain: image %s', (image, ports) => {
    const owner = { kind: 'StatefulSet', name: 'events' };
    expect(detect(namespace(pod('events-0', { owner, containers: [container('server', image, { ports })] })))).toMatchObject([{ name: 'events', pods: ['events-0'], rank: 60 }]);
  });

  test('plain: by the name of the container when it declares no port', () => {
    expect(detect(namespace(pod('events-0', { containers: [container('broker', 'apache/kafka:4.3.1')] })))).toMatchObject([{ kind: 'Kafka', container: { 'events-0': 'broker' } }]);
  });

  test.each([
    ['the entity operator of Strimzi', { ...strimzi, 'strimzi.io/name': 'orders-entity-operator', 'strimzi.io/component-type': 'entity-operator' }, container('topic-operator', 'quay.io/strimzi/operator:0.45.0')],
    ['the exporter of Strimzi', { ...strimzi, 'strimzi.io/name': 'orders-kafka-exporter', 'strimzi.io/component-type': 'kafka-exporter' }, container('kafka-exporter', 'quay.io/strimzi/kafka:0.45.0-kafka-3.9.0')],
    ['an exporter', {}, container('kafka-exporter', 'danielqsj/kafka-exporter:v1', { ports: [9308] })],
    ['Connect', {}, container('connect', 'confluentinc/cp-kafka-connect:8.0.0', { ports: [9092] })],
    ['a user interface', {}, container('ui', 'provectuslabs/kafka-ui:v0.7', { ports: [9092] })],
    ['a client of the server image', {}, container('job', 'apache/kafka:4.3.1')],
  ])('%s is none', (_, labels, server) => {
    expect(detect(namespace(pod('other-0', { labels, containers: [server] })))).toEqual([]);
  });
});
