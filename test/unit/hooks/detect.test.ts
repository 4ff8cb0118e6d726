import { describe, expect, test } from '@jest/globals';
import { detect } from '../../../src/hooks/postgresql/detect.js';
import { container, namespace, pod } from './namespaces.js';

const sidecar = container('exporter', 'quay.io/prometheuscommunity/postgres-exporter:v0.15', { ports: [9187] });
const crunchy = 'postgres-operator.crunchydata.com';

describe('detection of PostgreSQL', () => {
  test.each([
    ['a CloudNativePG pooler', { 'cnpg.io/cluster': 'orders', 'cnpg.io/podRole': 'pooler' }, container('pgbouncer', 'ghcr.io/cloudnative-pg/pgbouncer:1.23')],
    ['a CloudNativePG job', { 'cnpg.io/cluster': 'orders', 'cnpg.io/jobRole': 'initdb' }, container('initdb', 'ghcr.io/cloudnative-pg/postgresql:17.2')],
    ['a Crunchy backup host', { [`${crunchy}/cluster`]: 'orders', [`${crunchy}/pgbackrest`]: '' }, container('pgbackrest', 'registry.example/crunchy-pgbackrest:2')],
    ['pgpool of Bitnami', { 'app.kubernetes.io/name': 'postgresql-ha', 'app.kubernetes.io/instance': 'orders', 'app.kubernetes.io/component': 'pgpool' }, container('pgpool', 'bitnami/pgpool:4', { ports: [5432] })],
    ['an exporter', {}, container('postgres-exporter', 'prometheuscommunity/postgres-exporter:v0.15', { ports: [5432] })],
    ['an application that only uses PostgreSQL', {}, container('app', 'registry.example/shop:1', { ports: [8080] })],
    ['a server image that serves nothing', {}, container('migrate', 'postgres:17')],
  ])('not %s', (_, labels, only) => {
    expect(detect(namespace(pod('orders-1', { labels, containers: [only] })))).toEqual([]);
  });

  test.each(['postgres:17', 'docker.io/library/postgres:17.2-alpine', 'registry.example:5000/db/postgresql@sha256:00', 'timescale/timescaledb-ha:pg17', 'postgis/postgis:17-3.5'])('plain image %s with its port', (image) => {
    const owner = { kind: 'StatefulSet', name: 'ledger' };
    const view = namespace(pod('ledger-0', { owner, containers: [container('server', image, { ports: [5432] }), sidecar] }));
    expect(detect(view)).toMatchObject([{ name: 'ledger', rank: 60, container: { 'ledger-0': 'server' } }]);
  });

  test('the witness of postgresql-ha is a cluster of its own beside the one that it watches', () => {
    const labels = { 'app.kubernetes.io/name': 'postgresql-ha', 'app.kubernetes.io/instance': 'orders', 'app.kubernetes.io/component': 'postgresql' };
    const repmgr = [container('postgresql', 'docker.io/bitnami/postgresql-repmgr:17')];
    const member = (name: string, role: string, workload: string) => pod(name, { labels: { ...labels, role }, owner: { kind: 'StatefulSet', name: workload }, containers: repmgr });
    const view = namespace(member('orders-postgresql-0', 'data', 'orders-postgresql'), member('orders-postgresql-1', 'data', 'orders-postgresql'), member('orders-postgresql-witness-0', 'witness', 'orders-postgresql-witness'));
    expect(detect(view).map((app) => [app.name, app.pods])).toEqual([['orders', ['orders-postgresql-0', 'orders-postgresql-1']], ['orders-postgresql-witness', ['orders-postgresql-witness-0']]]);
  });

  test('plain servers are one application for each workload', () => {
    const server = container('postgres', 'postgres:17');
    const replicaSet = { kind: 'ReplicaSet', name: 'wiki-db-6f8c9' };
    const view = namespace(
      pod('ledger-0', { owner: { kind: 'StatefulSet', name: 'ledger' }, containers: [server] }),
      pod('ledger-1', { owner: { kind: 'StatefulSet', name: 'ledger' }, containers: [server] }),
      pod('wiki-db-6f8c9-x', { owner: replicaSet, labels: { 'pod-template-hash': '6f8c9' }, containers: [server] }),
      pod('Alone.db', { containers: [server] }),
    );
    expect(detect(view).map((app) => [app.name, app.pods])).toEqual([
      ['ledger', ['ledger-0', 'ledger-1']],
      ['wiki-db', ['wiki-db-6f8c9-x']],
      ['alone-db', ['Alone.db']],
    ]);
  });
});
