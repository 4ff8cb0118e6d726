import { describe, expect, test } from '@jest/globals';
import { detect, operatorOf } from '../../../../src/hooks/elasticsearch/detect.js';
import { container, namespace, pod } from '../namespaces.js';

const sidecar = container('exporter', 'quay.io/prometheuscommunity/elasticsearch-exporter:v1.7', { ports: [9200] });
const eck = { 'common.k8s.elastic.co/type': 'elasticsearch', 'elasticsearch.k8s.elastic.co/cluster-name': 'logs' };

/** As each operator or chart labels its nodes (sources named in notes of the project). */
const known = [
  { by: 'Elastic Cloud on Kubernetes', rank: 100, labels: eck, server: 'elasticsearch', image: 'docker.elastic.co/elasticsearch/elasticsearch:8.19.2', operator: true },
  { by: 'OpenSearch operator', rank: 100, labels: { 'opster.io/opensearch-cluster': 'logs' }, server: 'opensearch', image: 'docker.io/opensearchproject/opensearch:2.19.1', operator: true },
  { by: 'labels of a chart', rank: 90, labels: { 'app.kubernetes.io/name': 'elasticsearch', 'app.kubernetes.io/instance': 'logs', 'app.kubernetes.io/component': 'master' }, server: 'elasticsearch', image: 'bitnami/elasticsearch:8', operator: false },
  { by: 'labels of a chart', rank: 90, labels: { 'app.kubernetes.io/name': 'opensearch', 'app.kubernetes.io/instance': 'logs' }, server: 'opensearch', image: 'opensearchproject/opensearch:3', operator: false },
  { by: "labels of Elastic's chart", rank: 90, labels: { app: 'logs-master', chart: 'elasticsearch', release: 'logs' }, server: 'elasticsearch', image: 'docker.elastic.co/elasticsearch/elasticsearch:8.5.1', operator: false },
];

describe('detection of Elasticsearch and OpenSearch', () => {
  test.each(known)('$by, $server', ({ by, rank, labels, server, image, operator }) => {
    const containers = [sidecar, container(server, image)];
    const nodes = [pod('logs-1', { labels, containers }), pod('logs-0', { labels, containers })];
    expect(detect(namespace(...nodes))).toEqual([
      { name: 'logs', kind: 'Elasticsearch', pods: ['logs-0', 'logs-1'], container: { 'logs-0': server, 'logs-1': server }, rank, by, mode: 'Auto', credentialsSecret: undefined },
    ]);
    expect(operatorOf(nodes[0]!)).toBe(operator ? by : undefined);
  });

  test.each([
    ['by its port', container('server', 'registry.example/team/elasticsearch:8.19', { ports: [9200, 9300] })],
    ['by the name of its container', container('opensearch', 'opensearch@sha256:0123')],
  ])('an image of the product, %s', (_, server) => {
    const found = detect(namespace(pod('search-0', { owner: { kind: 'StatefulSet', name: 'search' }, containers: [server, sidecar] })));
    expect(found).toMatchObject([{ name: 'search', rank: 60, pods: ['search-0'], container: { 'search-0': server.name } }]);
  });

  test.each([
    ['an exporter', {}, sidecar],
    ['Kibana under ECK', { 'common.k8s.elastic.co/type': 'kibana', 'elasticsearch.k8s.elastic.co/cluster-name': 'logs' }, container('kibana', 'docker.elastic.co/kibana/kibana:8.19.2')],
    ['dashboards', { 'opster.io/opensearch-cluster': 'logs' }, container('dashboards', 'opensearchproject/opensearch-dashboards:2', { ports: [9200] })],
    ['an image of the product that serves something else', {}, container('reindex', 'elasticsearch:8')],
  ])('not %s', (_, labels, other) => {
    expect(detect(namespace(pod('other-0', { labels, containers: [other] })))).toEqual([]);
  });

  test('two clusters are two applications', () => {
    const containers = [container('elasticsearch', 'elasticsearch:8')];
    const of = (name: string) => pod(`${name}-0`, { labels: { ...eck, 'elasticsearch.k8s.elastic.co/cluster-name': name }, containers });
    expect(detect(namespace(of('a'), of('b'))).map((app) => app.name)).toEqual(['a', 'b']);
  });
});
