import type { Check } from '../../../api/common.js';
import type { CopiedApplication } from '../../adapter.js';
import type { State } from '../answers.js';
import { some } from '../words.js';
import type { SnapshotInfo } from './answers.js';
import { usersIndices } from './indices.js';

/** What a cluster says that was restored from a repository, judged. All pure. */

/** It began on empty volumes: with the identity of the original it would be the original, or a node of it. */
export function newClusterCheck(app: CopiedApplication, state: State): Check {
  const name = 'a cluster of its own';
  const original = app.facts['clusterUuid'];
  if (original === undefined) return { name, outcome: 'Unknown', message: 'The copy carries no cluster UUID.' };
  if (state.cluster_uuid !== original) return { name, outcome: 'Passed', message: `Cluster UUID ${state.cluster_uuid}; the copy is of ${original}.` };
  return { name, outcome: 'Failed', message: `Its UUID is that of the original (${original}): its nodes have joined the original, or run on its data. Stop the restored pods and correct discovery.seed_hosts.` };
}

/** Every index of users that is in the snapshot. */
export function indicesCheck(info: SnapshotInfo, present: readonly string[]): Check {
  const name = 'every index of the snapshot is there';
  const there = new Set(present);
  const wanted = usersIndices(info.indices);
  const missing = wanted.filter((index) => !there.has(index));
  if (missing.length > 0) return { name, outcome: 'Failed', message: `Not there: ${some(missing)}.` };
  return { name, outcome: 'Passed', message: `${wanted.length} indices of the snapshot ${info.snapshot}, without those that the server makes for itself.` };
}
