// Pods as operators and charts mark them, as far as detection looks: labels and names of containers of their sources, which src/hooks/*/detect.ts names.
import type { ApplicationKind } from '../../src/api/common.js';

export interface Labelled {
  readonly kind: ApplicationKind;
  /** What they are recognised by, and how surely. */
  readonly by: string;
  readonly rank: number;
  /** The operator that makes them; charts have none. */
  readonly managedBy?: string;
  /** Name of the application. */
  readonly cluster: string;
  readonly pods: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[];
  readonly container: string;
  /** Other containers of each pod, some of the server's own image. */
  readonly beside?: readonly string[];
  readonly image: string;
}

const crunchy = 'postgres-operator.crunchydata.com';
const recommended = (name: string, instance: string, component: string): Record<string, string> => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/instance': instance,
  'app.kubernetes.io/component': component,
  'app.kubernetes.io/managed-by': 'Helm',
  'helm.sh/chart': `${name}-16.7.0`,
});
const operator = (name: string): { by: string; rank: number; managedBy: string } => ({ by: name, rank: 100, managedBy: name });
const bitnami = { by: 'Bitnami chart', rank: 90 };

const postgresql: readonly Labelled[] = [
  {
    ...operator('CloudNativePG'),
    kind: 'PostgreSQL',
    cluster: 'cnpg',
    container: 'postgres',
    image: 'ghcr.io/cloudnative-pg/postgresql:17.2',
    pods: ['primary', 'replica'].map((role, n) => ({
      name: `cnpg-${n + 1}`,
      labels: { 'cnpg.io/cluster': 'cnpg', 'cnpg.io/instanceName': `cnpg-${n + 1}`, 'cnpg.io/instanceRole': role, 'cnpg.io/podRole': 'instance', role },
    })),
  },
  {
    ...operator('Zalando Postgres Operator (Spilo)'),
    kind: 'PostgreSQL',
    cluster: 'acid-orders',
    container: 'postgres',
    beside: ['postgres-exporter'],
    image: 'ghcr.io/zalando/spilo-17:4.0-p2',
    pods: ['master', 'replica'].map((role, n) => ({ name: `acid-orders-${n}`, labels: { application: 'spilo', 'cluster-name': 'acid-orders', 'spilo-role': role, team: 'acid' } })),
  },
  {
    ...operator('Crunchy or Percona operator'),
    kind: 'PostgreSQL',
    cluster: 'hippo',
    container: 'database',
    beside: ['replication-cert-copy', 'pgbackrest'],
    image: 'registry.developers.crunchydata.com/crunchydata/crunchy-postgres:ubi9-17.2-2',
    pods: ['abcd', 'efgh'].map((suffix, n) => ({
      name: `hippo-instance1-${suffix}-0`,
      labels: {
        [`${crunchy}/cluster`]: 'hippo', [`${crunchy}/data`]: 'postgres', [`${crunchy}/instance`]: `hippo-instance1-${suffix}`, [`${crunchy}/instance-set`]: 'instance1',
        [`${crunchy}/patroni`]: 'hippo-ha', [`${crunchy}/role`]: n === 0 ? 'master' : 'replica',
      },
    })),
  },
  {
    ...operator('StackGres'),
    kind: 'PostgreSQL',
    cluster: 'simple',
    container: 'patroni',
    beside: ['prometheus-postgres-exporter'],
    image: 'quay.io/ongres/patroni:v3.3.4-pg17.2',
    pods: ['master', 'replica'].map((role, n) => ({ name: `simple-${n}`, labels: { app: 'StackGresCluster', 'stackgres.io/cluster': 'true', 'stackgres.io/cluster-name': 'simple', 'stackgres.io/cluster-uid': 'a-uid', role } })),
  },
  {
    ...bitnami,
    kind: 'PostgreSQL',
    cluster: 'release',
    container: 'postgresql',
    beside: ['metrics'],
    image: 'docker.io/bitnami/postgresql:17.2.0',
    pods: ['primary', 'read'].map((component) => ({ name: `release-postgresql-${component}-0`, labels: recommended('postgresql', 'release', component) })),
  },
];

const kafka: readonly Labelled[] = [
  {
    ...operator('Strimzi'),
    kind: 'Kafka',
    cluster: 'events',
    container: 'kafka',
    image: 'quay.io/strimzi/kafka:0.45.0-kafka-3.9.0',
    pods: [['brokers', 'true', 'false'], ['controllers', 'false', 'true']].map(([pool = '', broker = '', controller = ''], n) => ({
      name: `events-${pool}-${n}`,
      labels: {
        'strimzi.io/cluster': 'events', 'strimzi.io/kind': 'Kafka', 'strimzi.io/name': 'events-kafka', 'strimzi.io/component-type': 'kafka', 'strimzi.io/pool-name': pool, 'strimzi.io/pod-name': `events-${pool}-${n}`,
        'strimzi.io/controller': 'strimzipodset', 'strimzi.io/controller-name': `events-${pool}`, 'strimzi.io/broker-role': broker, 'strimzi.io/controller-role': controller,
        'app.kubernetes.io/name': 'kafka', 'app.kubernetes.io/instance': 'events', 'app.kubernetes.io/managed-by': 'strimzi-cluster-operator', 'app.kubernetes.io/part-of': 'strimzi-events',
      },
    })),
  },
  {
    ...operator('Confluent for Kubernetes'),
    kind: 'Kafka',
    cluster: 'confluent',
    container: 'kafka',
    image: 'docker.io/confluentinc/cp-server:8.0.0',
    pods: [0, 1].map((n) => ({ name: `kafka-${n}`, labels: { app: 'kafka', clusterId: 'confluent', 'confluent-platform': 'true', 'platform.confluent.io/type': 'kafka', type: 'kafka' } })),
  },
  {
    ...operator('Koperator'),
    kind: 'Kafka',
    cluster: 'stream',
    container: 'kafka',
    image: 'ghcr.io/adobe/koperator/kafka:2.13-3.9.1',
    pods: ['x7k2p', 'q9d4m'].map((suffix, n) => ({ name: `stream-${n}-${suffix}`, labels: { app: 'kafka', kafka_cr: 'stream', brokerId: String(n) } })),
  },
  {
    ...bitnami,
    kind: 'Kafka',
    cluster: 'queue',
    container: 'kafka',
    image: 'docker.io/bitnami/kafka:4.0.0',
    pods: [['controller', 'controller-eligible'], ['broker', 'broker']].map(([set = '', component = '']) => ({ name: `queue-kafka-${set}-0`, labels: { ...recommended('kafka', 'queue', component), 'app.kubernetes.io/part-of': 'kafka' } })),
  },
];

const cassandra: readonly Labelled[] = [
  {
    ...operator('cass-operator'),
    kind: 'Cassandra',
    cluster: 'ring',
    container: 'cassandra',
    beside: ['server-system-logger'],
    image: 'cr.k8ssandra.io/k8ssandra/cass-management-api:5.0.4-ubi',
    // A rack is a StatefulSet of its own.
    pods: ['r1', 'r2'].map((rack) => ({
      name: `ring-dc1-${rack}-sts-0`,
      labels: {
        'app.kubernetes.io/created-by': 'cass-operator', 'app.kubernetes.io/instance': 'cassandra-ring', 'app.kubernetes.io/managed-by': 'cass-operator', 'app.kubernetes.io/name': 'cassandra',
        'cassandra.datastax.com/cluster': 'ring', 'cassandra.datastax.com/datacenter': 'dc1', 'cassandra.datastax.com/rack': rack, 'cassandra.datastax.com/node-state': 'Started',
      },
    })),
  },
  {
    ...bitnami,
    kind: 'Cassandra',
    cluster: 'wide',
    container: 'cassandra',
    image: 'docker.io/bitnami/cassandra:5.0.2',
    pods: [0, 1].map((n) => ({ name: `wide-cassandra-${n}`, labels: recommended('cassandra', 'wide', 'cassandra') })),
  },
];

const eck = 'elasticsearch.k8s.elastic.co';
const opensearch = (cluster: string, domain: string): Labelled => ({
  ...operator('OpenSearch operator'),
  kind: 'Elasticsearch',
  cluster,
  container: 'opensearch',
  image: 'docker.io/opensearchproject/opensearch:2.19.1',
  pods: [0, 1].map((n) => ({ name: `${cluster}-masters-${n}`, labels: { [`${domain}/opensearch-cluster`]: cluster, [`${domain}/opensearch-nodepool`]: 'masters', 'opensearch.role': 'cluster_manager' } })),
});

const elasticsearch: readonly Labelled[] = [
  {
    ...operator('Elastic Cloud on Kubernetes'),
    kind: 'Elasticsearch',
    cluster: 'logs',
    container: 'elasticsearch',
    image: 'docker.elastic.co/elasticsearch/elasticsearch:8.19.2',
    pods: [0, 1].map((n) => ({
      name: `logs-es-default-${n}`,
      labels: {
        'common.k8s.elastic.co/type': 'elasticsearch', [`${eck}/cluster-name`]: 'logs', [`${eck}/statefulset-name`]: 'logs-es-default', [`${eck}/version`]: '8.19.2', [`${eck}/http-scheme`]: 'https',
        [`${eck}/node-master`]: 'true', [`${eck}/node-data`]: 'true',
      },
    })),
  },
  opensearch('search', 'opensearch.org'),
  // Its 2.x.
  opensearch('older', 'opster.io'),
  {
    by: 'labels of a chart',
    rank: 90,
    kind: 'Elasticsearch',
    cluster: 'index',
    container: 'elasticsearch',
    image: 'docker.io/bitnami/elasticsearch:8.17.0',
    pods: ['master', 'data'].map((component) => ({ name: `index-elasticsearch-${component}-0`, labels: recommended('elasticsearch', 'index', component) })),
  },
  {
    by: 'labels of a chart',
    rank: 90,
    kind: 'Elasticsearch',
    cluster: 'find',
    container: 'opensearch',
    image: 'docker.io/opensearchproject/opensearch:3.0.0',
    pods: [0, 1].map((n) => ({ name: `opensearch-cluster-master-${n}`, labels: recommended('opensearch', 'find', 'opensearch-cluster-master') })),
  },
  {
    by: "labels of Elastic's chart",
    rank: 90,
    kind: 'Elasticsearch',
    cluster: 'elastic',
    container: 'elasticsearch',
    image: 'docker.elastic.co/elasticsearch/elasticsearch:8.5.1',
    pods: [0, 1].map((n) => ({ name: `elasticsearch-master-${n}`, labels: { app: 'elasticsearch-master', chart: 'elasticsearch', release: 'elastic' } })),
  },
];

/** Every operator and chart that detection knows by its marks. */
export const labelled: readonly Labelled[] = [...postgresql, ...kafka, ...cassandra, ...elasticsearch];
