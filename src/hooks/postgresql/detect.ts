import { detectBy } from '../detect-by.js';

const crunchy = 'postgres-operator.crunchydata.com';

/** Labels and names of containers as the source of each has them, which is named beside it. */
export const { detect, operatorOf } = detectBy({
  kind: 'PostgreSQL',
  marks: [
    {
      // cloudnative-pg: pkg/utils/labels_annotations.go, pkg/specs. Poolers and jobs carry the cluster label too, with another role or a job's.
      by: 'CloudNativePG',
      rank: 100,
      operator: 'CloudNativePG',
      cluster: (l) => (l['cnpg.io/jobRole'] === undefined && (l['cnpg.io/podRole'] ?? 'instance') === 'instance' ? l['cnpg.io/cluster'] : undefined),
      containers: ['postgres'],
    },
    {
      // zalando/postgres-operator: pkg/cluster/k8sres.go; both labels are defaults that its configuration may change. Poolers are another application.
      by: 'Zalando Postgres Operator (Spilo)',
      rank: 100,
      operator: 'Zalando Postgres Operator (Spilo)',
      cluster: (l) => (l['application'] === 'spilo' ? l['cluster-name'] : undefined),
      containers: ['postgres'],
    },
    {
      // CrunchyData/postgres-operator and percona/percona-postgresql-operator: internal/naming/labels.go, which the second has kept.
      by: 'Crunchy or Percona operator',
      rank: 100,
      operator: 'Crunchy or Percona operator',
      cluster: (l) => (l[`${crunchy}/instance`] === undefined ? undefined : l[`${crunchy}/cluster`]),
      containers: ['database'],
    },
    {
      // ongres/stackgres: io.stackgres.common.StackGresContext.
      by: 'StackGres',
      rank: 100,
      operator: 'StackGres',
      cluster: (l) => (l['stackgres.io/cluster'] === 'true' ? (l['stackgres.io/cluster-name'] ?? l['stackgres.io/cluster-uid']) : undefined),
      containers: ['patroni', 'postgres'],
    },
    {
      // bitnami/charts: templates of postgresql (primary, read) and postgresql-ha, whose witness is a cluster of its own beside the one that it watches.
      by: 'Bitnami chart',
      rank: 90,
      cluster: (l) =>
        ['postgresql', 'postgresql-ha'].includes(l['app.kubernetes.io/name'] ?? '') && l['app.kubernetes.io/component'] !== 'pgpool' && l['role'] !== 'witness' ? l['app.kubernetes.io/instance'] : undefined,
      containers: ['postgresql'],
    },
    {
      by: 'owner Cluster of CloudNativePG',
      rank: 90,
      operator: 'CloudNativePG',
      cluster: (_, { owners }) => owners.find((o) => o.apiVersion.startsWith('postgresql.cnpg.io/') && o.kind === 'Cluster')?.name,
      containers: ['postgres'],
    },
  ],
  plain: {
    image: /(postgres|postgresql|spilo|timescale|postgis)/,
    otherImage: /(exporter|bouncer|pgpool|backup|barman|operator|metrics|rest|admin)/,
    ports: [5432],
    container: /^(postgres|postgresql|database|db)(-|$)/,
  },
});
