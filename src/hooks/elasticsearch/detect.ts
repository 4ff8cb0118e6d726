import { detectBy } from '../detect-by.js';

const products: readonly (string | undefined)[] = ['elasticsearch', 'opensearch'];

/** Labels and names of containers as the source of each has them, which is named beside it. */
export const { detect, operatorOf } = detectBy({
  kind: 'Elasticsearch',
  marks: [
    {
      // elastic/cloud-on-k8s: pkg/controller/elasticsearch/label.
      by: 'Elastic Cloud on Kubernetes',
      rank: 100,
      operator: 'Elastic Cloud on Kubernetes',
      cluster: (l) => ((l['common.k8s.elastic.co/type'] ?? 'elasticsearch') === 'elasticsearch' ? l['elasticsearch.k8s.elastic.co/cluster-name'] : undefined),
      containers: ['elasticsearch'],
    },
    {
      // opensearch-project/opensearch-k8s-operator: pkg/helpers/constants.go (ClusterLabel; OldClusterLabel is that of its 2.x).
      by: 'OpenSearch operator',
      rank: 100,
      operator: 'OpenSearch operator',
      cluster: (l) => l['opensearch.org/opensearch-cluster'] ?? l['opster.io/opensearch-cluster'],
      containers: ['opensearch'],
    },
    {
      // bitnami/charts and opensearch-project/helm-charts.
      by: 'labels of a chart',
      rank: 90,
      cluster: (l) => (products.includes(l['app.kubernetes.io/name']) ? l['app.kubernetes.io/instance'] : undefined),
      containers: ['elasticsearch', 'opensearch'],
    },
    {
      // elastic/helm-charts: elasticsearch/templates/statefulset.yaml.
      by: "labels of Elastic's chart",
      rank: 90,
      cluster: (l) => (l['chart'] === 'elasticsearch' ? l['release'] : undefined),
      containers: ['elasticsearch'],
    },
  ],
  plain: {
    image: /(elasticsearch|opensearch)/,
    otherImage: /(exporter|kibana|dashboards|operator|curator|logstash|curl|proxy|backup|metrics)/,
    ports: [9200, 9300],
    container: /^(elasticsearch|opensearch)(-|$)/,
  },
});
