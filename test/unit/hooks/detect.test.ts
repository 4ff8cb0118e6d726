import { describe, expect, test } from '@jest/globals';
import { detect } from '../../../src/hooks/postgresql/detect.js';
import { container, namespace, pod } from './namespaces.js';

const sidecar = container('exporter', 'quay.io/prometheuscommunity/postgres-exporter:v0.15', { ports: [9187] });
const crunchy = 'postgres-operator.crunchydata.com';

/** As each operator or chart labels its instances (sources named in notes of the project). */
const operators = [
  {
    by: 'CloudNativePG',
    rank: 100,
    labels: { 'cnpg.io/cluster': 'orders', 'cnpg.io/podRole': 'instance', 'cnpg.io/instanceRole': 'primary' },
    containers: [container('postgres', 'ghcr.io/cloudnative-pg/postgresql:17.2')],
    server: 'postgres',
  },
  {
    by: 'Zalando Postgres Operator (Spilo)',
    rank: 100,
    labels: { application: 'spilo', 'cluster-name': 'orders', 'spilo-role': 'master' },
    containers: [sidecar, container('postgres', 'ghcr.io/zalando/spilo-17:4.0-p2')],
    server: 'postgres',
  },
  {
    by: 'Crunchy or Percona operator',
    rank: 100,
    labels: { [`${crunchy}/cluster`]: 'orders', [`${crunchy}/instance`]: 'orders-00-abcd', [`${crunchy}/role`]: 'master' },
    containers: [container('database', 'registry.example/crunchy-postgres:ubi9-17'), container('replication-cert-copy', 'registry.example/crunchy-postgres:ubi9-17')],
    server: 'database',
  },
  {
    by: 'StackGres',
    rank: 100,
    labels: { app: 'StackGresCluster', 'stackgres.io/cluster': 'true', 'stackgres.io/cluster-name': 'orders' },
    containers: [container('patroni', 'quay.io/ongres/patroni:v3'), sidecar],
    server: 'patroni',
  },
  {
    by: 'Bitnami chart',
    rank: 90,
    labels: { 'app.kubernetes.io/name': 'postgresql', 'app.kubernetes.io/instance': 'orders', 'app.kubernetes.io/component': 'primary' },
    containers: [container('postgresql', 'docker.io/bitnami/postgresql:17'), sidecar],
    server: 'postgresql',
  },
];

describe('detection of PostgreSQL', () => {
  test.each(operators)('$by', ({ by, rank, labels, containers, server }) => {
    const view = namespace(pod('orders-2', { labels, containers }), pod('orders-1', { labels, containers }));
    expect(detect(view)).toEqual([
      { name: 'orders', kind: 'PostgreSQL', pods: ['orders-1', 'orders-2'], container: { 'orders-1': server, 'orders-2': server }, rank, by, mode: 'Auto', credentialsSecret: undefined },
    ]);
  });

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
