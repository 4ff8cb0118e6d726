import { describe, expect, test } from '@jest/globals';
import { detectApplications } from '../../../src/hooks/adapters.js';
import { operatorOf as ofCassandra } from '../../../src/hooks/cassandra/detect.js';
import { operatorOf as ofElasticsearch } from '../../../src/hooks/elasticsearch/detect.js';
import { operatorOf as ofKafka } from '../../../src/hooks/kafka/detect.js';
import { operatorOf as ofPostgresql } from '../../../src/hooks/postgresql/detect.js';
import type { PodView } from '../../../src/hooks/view.js';
import { labelled, type Labelled } from '../../apps/labelled.js';
import { allClaims, container, namespace, pod } from './namespaces.js';

const operatorOf = (found: PodView): (string | undefined)[] => [ofPostgresql, ofKafka, ofCassandra, ofElasticsearch].map((of) => of(found)).filter((by) => by !== undefined);

function podsOf({ pods, image, container: server, beside = [] }: Labelled): PodView[] {
  // The server is not the first, and its name alone says which it is.
  const containers = [...beside, server].map((name) => container(name, image));
  return pods.map(({ name, labels }) => pod(name, { labels, containers, owner: { kind: 'StatefulSet', name: name.replace(/-\d+$/, '') } }));
}

describe('pods as operators and charts mark them', () => {
  test.each(labelled)('$by, $cluster, are one $kind with all its pods and its manager', (fixture) => {
    const { kind, by, rank, cluster, container: server, managedBy } = fixture;
    const pods = podsOf(fixture);
    const names = pods.map((p) => p.metadata.name).sort();
    const view = namespace(...[...pods].reverse());
    expect(detectApplications(view, [], allClaims(view))).toEqual([
      { name: cluster, kind, pods: names, container: Object.fromEntries(names.map((name) => [name, server])), rank, by, mode: 'Auto', credentialsSecret: undefined },
    ]);
    for (const found of pods) expect(operatorOf(found)).toEqual(managedBy === undefined ? [] : [managedBy]);
  });

  test('all of them in one namespace stay apart', () => {
    const view = namespace(...labelled.flatMap(podsOf));
    const found = detectApplications(view, [], allClaims(view)).map(({ kind, name }) => `${kind} ${name}`);
    expect(found.sort()).toEqual(labelled.map(({ kind, cluster }) => `${kind} ${cluster}`).sort());
  });
});
