import { describe, expect, test } from '@jest/globals';
import { detect } from '../../../src/hooks/kafka/detect.js';
import { container, namespace, pod } from './namespaces.js';

const strimzi = { 'strimzi.io/kind': 'Kafka', 'strimzi.io/cluster': 'orders' };

describe('detection of Kafka', () => {
  test('controllers of Confluent are in the cluster of its brokers', () => {
    const labels = { clusterId: 'prod', 'confluent-platform': 'true' };
    const member = (type: string) => pod(`${type}-0`, { labels: { ...labels, app: type, type }, containers: [container(type, 'confluentinc/cp-server:8.0.0')] });
    expect(detect(namespace(member('kafka'), member('kraftcontroller')))).toMatchObject([{ name: 'prod', container: { 'kafka-0': 'kafka', 'kraftcontroller-0': 'kraftcontroller' }, rank: 100 }]);
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
