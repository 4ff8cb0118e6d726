/** What the tools of Cassandra 5.0.9 print: two nodes, then the second one down, then with rows that only one of them has. */
const first = '13e0888d-1d81-4be8-ac9f-215fcb8600d6';
const second = 'e4cfda0a-e92a-49c3-9560-0317ebd4c2e7';
export const hostIds = [first, second] as const;

export const status = `Datacenter: datacenter1
=======================
Status=Up/Down
|/ State=Normal/Leaving/Joining/Moving
--  Address     Load       Tokens  Owns (effective)  Host ID                               Rack 
UN  127.0.0.11  95.57 KiB  4       100.0%            ${first}  rack1
UN  127.0.0.12  30.89 KiB  4       100.0%            ${second}  rack1
`.split('\n');

export const statusDown = status.map((line) => line.replace('UN  127.0.0.12', 'DN  127.0.0.12'));

export const describeCluster = `Cluster Information:
	Name: host
	Snitch: org.apache.cassandra.locator.SimpleSnitch
	DynamicEndPointSnitch: enabled
	Partitioner: org.apache.cassandra.dht.Murmur3Partitioner
	Schema versions:
		31cf9a33-4aa4-3631-b426-7d839caa0a56: [127.0.0.11, 127.0.0.12]

Stats for all nodes:
	Live: 2
	Joining: 0
	Moving: 0
	Leaving: 0
	Unreachable: 0

Data Centers: 
	datacenter1 #Nodes: 2 #Down: 0

Database versions:
	5.0.9: [127.0.0.11:7000, 127.0.0.12:7000]

Keyspaces:
	system_traces -> Replication class: SimpleStrategy {replication_factor=2}
	system -> Replication class: LocalStrategy {}
`.split('\n');

export const describeClusterDown = `Cluster Information:
	Name: host
	Snitch: org.apache.cassandra.locator.SimpleSnitch
	Partitioner: org.apache.cassandra.dht.Murmur3Partitioner
	Schema versions:
		31cf9a33-4aa4-3631-b426-7d839caa0a56: [127.0.0.11]

		UNREACHABLE: [127.0.0.12]

Stats for all nodes:
	Live: 1
	Unreachable: 1

Database versions:
	5.0.9: [127.0.0.11:7000]
`.split('\n');

export const gossipInfo = `/127.0.0.11
  generation:1795551669
  heartbeat:200
  STATUS:52:NORMAL,-2737004710701940934
  LOAD:153:122459.0
  SCHEMA:169:31cf9a33-4aa4-3631-b426-7d839caa0a56
  DC:8:datacenter1
  RACK:10:rack1
  RELEASE_VERSION:5:5.0.9
  RPC_ADDRESS:4:127.0.0.11
  NET_VERSION:1:12
  HOST_ID:2:${first}
  RPC_READY:59:true
  NATIVE_ADDRESS_AND_PORT:3:127.0.0.11:9042
  STATUS_WITH_PORT:51:NORMAL,-2737004710701940934
  SSTABLE_VERSIONS:6:big-nb
  TOKENS:50:<hidden>
/127.0.0.12
  generation:1795551763
  heartbeat:109
  LOAD:98:115405.0
  SCHEMA:73:31cf9a33-4aa4-3631-b426-7d839caa0a56
  DC:8:datacenter1
  RACK:10:rack1
  RELEASE_VERSION:5:5.0.9
  NET_VERSION:1:12
  HOST_ID:2:${second}
  RPC_READY:48:true
  NATIVE_ADDRESS_AND_PORT:3:127.0.0.12:9042
  STATUS_WITH_PORT:44:NORMAL,-390007559213978430
  SSTABLE_VERSIONS:6:big-nb
  TOKENS:43:<hidden>
`.split('\n');

const started = (n: number, keyspace: string) => `[2026-11-24 20:28:02,980] Starting repair command #${n} (8c4d7530-e845-11f1-88cc-4fad8d0ca8c0), repairing keyspace ${keyspace} with repair options (parallelism: parallel, primary range: true, incremental: false, previewKind: ALL, # of ranges: 4)`;
const inSync = `[2026-11-24 20:24:19,816] Previewed data was in sync
[2026-11-24 20:24:19,817] Repair preview completed successfully; Previewed data was in sync
[2026-11-24 20:24:19,827] Repair command #1 finished in 1 second
[2026-11-24 20:24:19,853] condition satisfied queried for parent session status and discovered repair completed.
[2026-11-24 20:24:19,854] Repair preview completed successfully; Previewed data was in sync`;
export const notNeeded = "[2026-11-24 20:24:19,958] Replication factor is 1. No repair is needed for keyspace 'system_auth'";
const streams = `Total estimated streaming: 19 ranges, 3 sstables, 5.861KiB bytes
stillpoint.rows - 19 ranges, 3 sstables, 5.861KiB bytes
    Mismatching ranges: (2758765635463018473,2778380574665653779],(6651599091073357515,8471402798026141982]
    /127.0.0.11:7000 -> /127.0.0.12:7000: 19 ranges, 2 sstables, 3.502KiB bytes
    /127.0.0.12:7000 -> /127.0.0.11:7000: 19 ranges, 1 sstables, 2.359KiB bytes
`;

export const previewEqual = [started(1, 'system_traces'), inSync, notNeeded, started(2, 'stillpoint'), inSync].join('\n').split('\n');

export const previewDifferent = `${started(5, 'system_traces')}
${inSync}
${notNeeded}
${started(6, 'stillpoint')}
[2026-11-24 20:28:03,946] Preview complete
${streams}
[2026-11-24 20:28:03,957] Repair preview completed successfully; Preview complete
${streams}
[2026-11-24 20:28:03,957] Repair command #6 finished in 0 seconds`.split('\n');

export const corrupted = 'ended with 2: error: Corrupted file: integrity check (digest) failed for /data/stillpoint/rows-e51a9220e84411f1bafdb1b9ee329778/nb-1-big-Data.db: 2792822874 != 1562508087 -- StackTrace --';

export const replayed = [
  'INFO  [main] 2026-11-24 20:27:15,077 CommitLog.java:210 - Log replay complete, 96 replayed mutations in 5457 ms',
];
