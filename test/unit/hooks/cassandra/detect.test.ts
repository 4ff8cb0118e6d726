import { describe, expect, test } from '@jest/globals';
import { detect, operatorOf } from '../../../../src/hooks/cassandra/detect.js';
import { container, namespace, pod } from '../namespaces.js';

const dse = 'cassandra.datastax.com';

describe('detection of Cassandra', () => {
  test.each([
    ['cass-operator', 100, { [`${dse}/cluster`]: 'orders', [`${dse}/datacenter`]: 'dc1' }, container('cassandra', 'k8ssandra/cass-management-api:5.0.4-ubi')],
    ['Bitnami chart', 90, { 'helm.sh/chart': 'cassandra-12.1.2', 'app.kubernetes.io/instance': 'orders' }, container('cassandra', 'docker.io/bitnami/cassandra:5.0')],
    ['image cassandra', 60, {}, container('server', 'docker.io/library/cassandra:5.0.4', { ports: [7000, 9042] })],
    ['image cassandra', 60, {}, container('cassandra', 'cassandra@sha256:0123')],
  ])('%s', (by, rank, labels, server) => {
    const reloader = container('server-system-logger', 'k8ssandra/system-logger:v1');
    const owner = { kind: 'StatefulSet', name: 'orders' };
    const view = namespace(pod('orders-1', { labels, owner, containers: [server, reloader] }), pod('orders-0', { labels, owner, containers: [server, reloader] }));
    expect(detect(view)).toEqual([
      { name: 'orders', kind: 'Cassandra', pods: ['orders-0', 'orders-1'], container: { 'orders-0': server.name, 'orders-1': server.name }, rank, by, mode: 'Auto', credentialsSecret: undefined },
    ]);
  });

  test('a ring of several racks is one application with the operator', () => {
    const labels = { [`${dse}/cluster`]: 'orders' };
    const rack = (name: string) => pod(`orders-${name}-sts-0`, { labels: { ...labels, [`${dse}/rack`]: name }, owner: { kind: 'StatefulSet', name }, containers: [container('cassandra', 'x')] });
    expect(detect(namespace(rack('r1'), rack('r2')))).toMatchObject([{ name: 'orders', pods: ['orders-r1-sts-0', 'orders-r2-sts-0'] }]);
    expect(operatorOf(rack('r1'))).toBe('cass-operator');
  });

  test.each([
    ['an exporter', {}, container('cassandra', 'criteord/cassandra_exporter:2')],
    ['Reaper', { [`${dse}/cluster`]: 'orders' }, container('reaper', 'thelastpickle/cassandra-reaper:3')],
    ['Medusa', {}, container('medusa', 'k8ssandra/cassandra-medusa:1', { ports: [9042] })],
    ['Scylla', {}, container('scylla', 'scylladb/scylla:6', { ports: [9042] })],
    ['a client', {}, container('app', 'shop/cassandra-client:1')],
  ])('%s is none', (_, labels, server) => {
    expect(detect(namespace(pod('x', { labels, containers: [server] })))).toEqual([]);
  });
});
