import { z } from 'zod';
import type { Wanted } from './node.js';

/** Requests of this adapter with the parts of their answers that it reads. */

const health = z.object({
  cluster_name: z.string(),
  status: z.enum(['green', 'yellow', 'red']),
  timed_out: z.boolean(),
  number_of_nodes: z.int(),
  relocating_shards: z.int(),
  initializing_shards: z.int(),
  unassigned_shards: z.int(),
});
export type Health = z.infer<typeof health>;
export const healthOf: Wanted<typeof health> = { path: '/_cluster/health', schema: health };
/** Answers 408 when the time is over. */
export const greenWithin = (seconds: number): Wanted<typeof health> => ({ path: `/_cluster/health?wait_for_status=green&wait_for_no_relocating_shards=true&wait_for_no_initializing_shards=true&timeout=${seconds}s`, schema: health });

const nodes = z.object({
  nodes: z.record(
    z.string(),
    z.object({
      name: z.string(),
      version: z.string(),
      /** OpenSearch has none. */
      build_flavor: z.string().optional(),
      ip: z.string(),
      roles: z.array(z.string()),
      jvm: z.object({ start_time_in_millis: z.int() }),
    }),
  ),
});
export type Nodes = z.infer<typeof nodes>['nodes'];
export const nodesOfCluster: Wanted<typeof nodes> = {
  path: '/_nodes/jvm?filter_path=nodes.*.name,nodes.*.version,nodes.*.build_flavor,nodes.*.ip,nodes.*.roles,nodes.*.jvm.start_time_in_millis',
  schema: nodes,
};

const dataPaths = z.object({ nodes: z.record(z.string(), z.object({ fs: z.object({ data: z.array(z.object({ path: z.string() })).optional() }) })) });
export const dataPathsOfNodes: Wanted<typeof dataPaths> = { path: '/_nodes/stats/fs?filter_path=nodes.*.fs.data.path', schema: dataPaths };

const state = z.object({ cluster_uuid: z.string(), version: z.int(), master_node: z.string() });
export type State = z.infer<typeof state>;
export const stateOfCluster: Wanted<typeof state> = { path: '/_cluster/state/version,master_node?filter_path=cluster_uuid,version,master_node', schema: state };

const durability = z.record(z.string(), z.object({ settings: z.record(z.string(), z.string()) }));
export const durabilityOfIndices: Wanted<typeof durability> = {
  path: '/_all/_settings/index.translog.durability?expand_wildcards=all&flat_settings=true',
  schema: durability,
};

/** `_cat` has numbers as text, and null where a copy is not started. */
const number = z.union([z.string().regex(/^-?\d+$/), z.int()]).nullish().transform((value) => (value == null ? undefined : Number(value)));
const shard = z.object({
  index: z.string(),
  shard: z.coerce.number().int(),
  prirep: z.enum(['p', 'r']),
  state: z.string(),
  node: z.string().nullish(),
  docs: number,
  'seq_no.max': number,
  'seq_no.global_checkpoint': number,
});
/** One copy of one shard. */
export type ShardCopy = z.infer<typeof shard>;
const shards = z.array(shard);
export const copiesOfShards: Wanted<typeof shards> = {
  path: '/_cat/shards?format=json&h=index,shard,prirep,state,node,docs,seq_no.max,seq_no.global_checkpoint',
  schema: shards,
};

const broadcast = z.object({ _shards: z.object({ total: z.int(), successful: z.int(), failed: z.int() }) });
export const flushAll: Wanted<typeof broadcast> = { path: '/_flush?expand_wildcards=all&wait_if_ongoing=true', schema: broadcast };
export const refreshAll: Wanted<typeof broadcast> = { path: '/_refresh?expand_wildcards=all', schema: broadcast };

const dangling = z.object({ dangling_indices: z.array(z.object({ index_name: z.string() })) });
export const danglingIndices: Wanted<typeof dangling> = { path: '/_dangling', schema: dangling };
