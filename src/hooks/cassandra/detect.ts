import { detectBy } from '../detect-by.js';

/** Labels and names of containers as the source of each has them, which is named beside it. */
export const { detect, operatorOf } = detectBy({
  kind: 'Cassandra',
  marks: [
    {
      // k8ssandra/cass-operator: apis/cassandra/v1beta1 (ClusterLabel), pkg/reconciliation (CassandraContainerName). K8ssandra makes its rings by it.
      by: 'cass-operator',
      rank: 100,
      operator: 'cass-operator',
      cluster: (l) => l['cassandra.datastax.com/cluster'],
      containers: ['cassandra'],
    },
    {
      // bitnami/charts: templates of cassandra. Others use the same common labels: the chart's own says whose they are.
      by: 'Bitnami chart',
      rank: 90,
      cluster: (l) => (/^cassandra-\d/.test(l['helm.sh/chart'] ?? '') ? l['app.kubernetes.io/instance'] : undefined),
      containers: ['cassandra'],
    },
  ],
  plain: {
    image: /(cassandra|cass-management-api|dse-server|dse-mgmtapi)/,
    otherImage: /(exporter|operator|reaper|medusa|stargate|metrics|web|config|init|tools|backup|proxy)/,
    ports: [9042, 7000],
    container: /^(cassandra|database|db)(-|$)/,
  },
});
