import { z } from 'zod';
import type { Wanted } from '../node.js';

/** Requests about snapshot repositories with the parts of their answers that are read. Paths are of Elasticsearch 7.3 and OpenSearch 1. */

const privileges = 'the cluster privileges monitor, cluster:admin/snapshot and cluster:admin/repository, or manage, and the index privileges monitor and maintenance';

const flag = z.union([z.boolean(), z.string()]).optional().transform((value) => String(value) === 'true');
const repositories = z.record(z.string(), z.object({ type: z.string(), settings: z.object({ location: z.string().optional(), readonly: flag }) }));
/** What is registered, by name. */
export type Repositories = z.infer<typeof repositories>;
export const repositoriesOfCluster: Wanted<typeof repositories> = { path: '/_snapshot', schema: repositories, privileges };

const words = z.union([z.string().transform((text) => text.split(',')), z.array(z.string())]);
const roots = z.object({ nodes: z.record(z.string(), z.object({ settings: z.object({ path: z.object({ repo: words }) }) })).optional() });
/** `path.repo` of each node: relative locations begin at the first. */
export const rootsOfNodes: Wanted<typeof roots> = { path: '/_nodes/settings?filter_path=nodes.*.settings.path.repo', schema: roots };

const snapshot = z.object({
  snapshot: z.string(),
  uuid: z.string(),
  state: z.string(),
  reason: z.string().optional(),
  indices: z.array(z.string()),
  data_streams: z.array(z.string()).optional(),
  include_global_state: z.boolean().optional(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  start_time_in_millis: z.int().optional(),
  end_time_in_millis: z.int().optional(),
  failures: z.array(z.object({ index: z.string().optional(), shard_id: z.int().optional(), reason: z.string().optional() })).optional(),
  shards: z.object({ total: z.int(), failed: z.int(), successful: z.int() }).optional(),
});
/** One snapshot as its repository lists it. */
export type SnapshotInfo = z.infer<typeof snapshot>;
const snapshots = z.object({ snapshots: z.array(snapshot) });

/** Where a snapshot is, or those of a pattern, for requests of any method. */
export const pathOf = (repository: string, name = ''): string => `/_snapshot/${encodeURIComponent(repository)}${name === '' ? '' : `/${encodeURIComponent(name)}`}`;
/** Those that there are of this name or pattern. */
export const snapshotsNamed = (repository: string, name: string): Wanted<typeof snapshots> => ({ path: `${pathOf(repository, name)}?ignore_unavailable=true`, schema: snapshots, privileges });

const acknowledged = z.object({ acknowledged: z.literal(true) });
/** To register a repository, or to remove a snapshot. */
export const acknowledgedAt = (path: string): Wanted<typeof acknowledged> => ({ path, schema: acknowledged, privileges });

const anything = z.unknown();
/** A request whose answer says nothing that the repository does not say better. */
export const requestTo = (path: string): Wanted<typeof anything> => ({ path, schema: anything, privileges });

const epoch = z.array(z.object({ epoch: z.coerce.number() })).min(1);
/** The time of the server, seconds since the epoch. */
export const timeOfServer: Wanted<typeof epoch> = { path: '/_cat/health?format=json&h=epoch', schema: epoch };

const copies = z.array(z.object({ index: z.string(), prirep: z.enum(['p', 'r']), state: z.string(), 'unassigned.reason': z.string().nullish() }));
/** A copy of a shard on its way. */
export type CopyState = z.infer<typeof copies>[number];
export const copiesOnTheirWay: Wanted<typeof copies> = { path: '/_cat/shards?format=json&h=index,prirep,state,unassigned.reason', schema: copies };
