import { describe, expect, test } from '@jest/globals';
import { detect } from '../../../../src/hooks/elasticsearch/detect.js';
import { container, namespace, pod } from '../namespaces.js';

const sidecar = container('exporter', 'quay.io/prometheuscommunity/elasticsearch-exporter:v1.7', { ports: [9200] });
const eck = { 'common.k8s.elastic.co/type': 'elasticsearch', 'elasticsearch.k8s.elastic.co/cluster-name': 'logs' };

describe('detection of Elasticsearch and OpenSearch', () => {
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
