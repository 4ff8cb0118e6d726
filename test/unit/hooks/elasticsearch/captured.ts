import { endOfAnswer } from '../../../../src/hooks/elasticsearch/programs.js';

/** Answers of an Elasticsearch 8.19.21 of three nodes: the index ledger took 40 documents, lazy has durability async and none. */
const roles = '"roles":["data","data_cold","data_content","data_frozen","data_hot","data_warm","ingest","master","ml","remote_cluster_client","transform"]';
const common = `"version":"8.19.21","build_flavor":"default",${roles}`;

export const bodies = {
  health:
    '{"cluster_name":"t","status":"green","timed_out":false,"number_of_nodes":3,"number_of_data_nodes":3,"active_primary_shards":4,"active_shards":8,"relocating_shards":0,"initializing_shards":0,"unassigned_shards":0,"unassigned_primary_shards":0,"delayed_unassigned_shards":0,"number_of_pending_tasks":0,"number_of_in_flight_fetch":0,"task_max_waiting_in_queue_millis":0,"active_shards_percent_as_number":100.0}',
  nodes: `{"nodes":{"bJfcCt5USRmj0uzFqazh9Q":{"name":"n1","ip":"127.0.0.1",${common},"jvm":{"start_time_in_millis":1795552168445}},"pzgCJHzIQ3K-zwvjboksuQ":{"name":"n2","ip":"127.0.0.2",${common},"jvm":{"start_time_in_millis":1795552171241}},"zSKV-agsQzGYSeo-ETii6w":{"name":"n3","ip":"127.0.0.3",${common},"jvm":{"start_time_in_millis":1795552168539}}}}`,
  state: '{"cluster_uuid":"13n7S3ybQYi5k2EmPcewHg","version":20,"master_node":"pzgCJHzIQ3K-zwvjboksuQ"}',
  shards:
    '[{"index":"lazy","shard":"0","prirep":"r","state":"STARTED","node":"n2","docs":"0","seq_no.max":"-1","seq_no.global_checkpoint":"-1"},{"index":"lazy","shard":"0","prirep":"p","state":"STARTED","node":"n1","docs":"0","seq_no.max":"-1","seq_no.global_checkpoint":"-1"},{"index":"ledger","shard":"0","prirep":"p","state":"STARTED","node":"n2","docs":"13","seq_no.max":"12","seq_no.global_checkpoint":"12"},{"index":"ledger","shard":"0","prirep":"r","state":"STARTED","node":"n1","docs":"13","seq_no.max":"12","seq_no.global_checkpoint":"12"},{"index":"ledger","shard":"1","prirep":"p","state":"STARTED","node":"n1","docs":"14","seq_no.max":"13","seq_no.global_checkpoint":"13"},{"index":"ledger","shard":"1","prirep":"r","state":"STARTED","node":"n3","docs":"14","seq_no.max":"13","seq_no.global_checkpoint":"13"},{"index":"ledger","shard":"2","prirep":"r","state":"STARTED","node":"n2","docs":"13","seq_no.max":"12","seq_no.global_checkpoint":"12"},{"index":"ledger","shard":"2","prirep":"p","state":"STARTED","node":"n3","docs":"13","seq_no.max":"12","seq_no.global_checkpoint":"12"}]',
  paths: '{"nodes":{"bJfcCt5USRmj0uzFqazh9Q":{"fs":{"data":[{"path":"/srv/n1/data"}]}},"zSKV-agsQzGYSeo-ETii6w":{"fs":{"data":[{"path":"/srv/n3/data"}]}},"pzgCJHzIQ3K-zwvjboksuQ":{"fs":{"data":[{"path":"/srv/n2/data"}]}}}}',
  durability: '{"lazy":{"settings":{"index.translog.durability":"async"}}}',
  dangling: '{"_nodes":{"total":3,"successful":3,"failed":0},"cluster_name":"t","dangling_indices":[]}',
  flush: '{"_shards":{"total":8,"successful":8,"failed":0}}',
  /** After an index with three replicas was made, for which there is no fourth node. */
  yellow:
    '{"cluster_name":"t","status":"yellow","timed_out":false,"number_of_nodes":3,"number_of_data_nodes":3,"active_primary_shards":5,"active_shards":9,"relocating_shards":0,"initializing_shards":2,"unassigned_shards":1,"unassigned_primary_shards":0,"delayed_unassigned_shards":0,"number_of_pending_tasks":0,"number_of_in_flight_fetch":0,"task_max_waiting_in_queue_millis":0,"active_shards_percent_as_number":75.0}',
  yellowShards:
    '[{"index":"homeless","shard":"0","prirep":"r","state":"INITIALIZING","node":"n2","docs":null,"seq_no.max":null,"seq_no.global_checkpoint":null},{"index":"homeless","shard":"0","prirep":"r","state":"INITIALIZING","node":"n1","docs":null,"seq_no.max":null,"seq_no.global_checkpoint":null},{"index":"homeless","shard":"0","prirep":"p","state":"STARTED","node":"n3","docs":"0","seq_no.max":"-1","seq_no.global_checkpoint":"-1"},{"index":"homeless","shard":"0","prirep":"r","state":"UNASSIGNED","node":null,"docs":null,"seq_no.max":null,"seq_no.global_checkpoint":null},{"index":"lazy","shard":"0","prirep":"r","state":"STARTED","node":"n2","docs":"0","seq_no.max":"-1","seq_no.global_checkpoint":"-1"}]',
  /** With status 408: waited for green, in vain. */
  late: '{"cluster_name":"t","status":"yellow","timed_out":true,"number_of_nodes":3,"number_of_data_nodes":3,"active_primary_shards":5,"active_shards":11,"relocating_shards":0,"initializing_shards":0,"unassigned_shards":1,"unassigned_primary_shards":0,"delayed_unassigned_shards":0,"number_of_pending_tasks":0,"number_of_in_flight_fetch":0,"task_max_waiting_in_queue_millis":0,"active_shards_percent_as_number":91.66666666666666}',
  notFound:
    '{"error":{"root_cause":[{"type":"index_not_found_exception","reason":"no such index [nonsense]","index_uuid":"_na_","resource.type":"index_or_alias","resource.id":"nonsense","index":"nonsense"}],"type":"index_not_found_exception","reason":"no such index [nonsense]","index_uuid":"_na_","resource.type":"index_or_alias","resource.id":"nonsense","index":"nonsense"},"status":404}',
} as const;

/** What the program prints for one answer. */
export const printed = (status: number, body: string): string => `${body}\n${endOfAnswer} ${status}\n`;
