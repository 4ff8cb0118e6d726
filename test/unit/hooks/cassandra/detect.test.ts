import { describe, expect, test } from '@jest/globals';
import { detect } from '../../../../src/hooks/cassandra/detect.js';
import { container, namespace, pod } from '../namespaces.js';

const dse = 'cassandra.datastax.com';

describe('detection of Cassandra', () => {
  test.each([
    ['its port', container('server', 'docker.io/library/cassandra:5.0.4', { ports: [7000, 9042] })],
    ['the name of its container', container('cassandra', 'cassandra@sha256:0123')],
  ])('an image of the product is found by %s', (_, server) => {
    const reloader = container('server-system-logger', 'k8ssandra/system-logger:v1');
    const owner = { kind: 'StatefulSet', name: 'orders' };
    const view = namespace(pod('orders-1', { owner, containers: [server, reloader] }), pod('orders-0', { owner, containers: [server, reloader] }));
    expect(detect(view)).toEqual([
      { name: 'orders', kind: 'Cassandra', pods: ['orders-0', 'orders-1'], container: { 'orders-0': server.name, 'orders-1': server.name }, rank: 60, by: 'image cassandra', mode: 'Auto', credentialsSecret: undefined },
    ]);
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
