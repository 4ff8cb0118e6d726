import type { ApplicationKind } from '../../src/api/common.js';
import { openCassandra, startCassandra } from '../apps/cassandra/tokens.js';
import { openElasticsearch, openOpenSearch, startElasticsearch, startOpenSearch } from '../apps/elasticsearch/tokens.js';
import { openKafka, startKafka } from '../apps/kafka/tokens.js';
import { openPostgresql, startPostgresql } from '../apps/postgresql/tokens.js';
import type { TokenStore, Variant } from './token-store.js';

/** A database of the proof. */
export interface ProofApplication {
  /** As in APPS=, and as it is detected. */
  readonly name: string;
  readonly kind: ApplicationKind;
  /** Applies its objects to a namespace and resolves when it serves. */
  readonly start: (namespace: string, variant?: Variant) => Promise<void>;
  /** Clients of the one in a namespace. */
  readonly open: (namespace: string) => Promise<TokenStore>;
  /** Its data has the addresses of the members, and a server that starts on a copy tries them: the network alone keeps it away (docs/cassandra.md). */
  readonly triesOriginals?: true;
}

const applications: readonly ProofApplication[] = [
  { name: 'postgresql', kind: 'PostgreSQL', start: startPostgresql, open: openPostgresql },
  { name: 'kafka', kind: 'Kafka', start: startKafka, open: openKafka },
  { name: 'cassandra', kind: 'Cassandra', start: startCassandra, open: openCassandra, triesOriginals: true },
  { name: 'elasticsearch', kind: 'Elasticsearch', start: startElasticsearch, open: openElasticsearch },
];
/** By name only. */
const others: readonly ProofApplication[] = [{ name: 'opensearch', kind: 'Elasticsearch', start: startOpenSearch, open: openOpenSearch }];

/** The applications of a list such as `postgresql,kafka`; all of them for an empty one. Throws with the names that there are. */
export function applicationsNamed(list: string): ProofApplication[] {
  if (list === '') return [...applications];
  const all = [...applications, ...others];
  return list.split(',').map((name) => {
    const known = all.find((app) => app.name === name.trim());
    if (known === undefined) throw new Error(`APPS: ${name} is none of ${all.map((app) => app.name).join(', ')}`);
    return known;
  });
}
