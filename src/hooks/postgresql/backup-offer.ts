import type { Blocker, Detected } from '../adapter.js';
import { mountedClaims } from '../workload.js';
import type { NamespaceView } from '../view.js';
import type { Instance } from './facts.js';

const walDirectory = 'WAL directory';

/** Claims of the server's data, and those of them that hold its WAL. */
function claimsOf(instance: Instance): { data: Set<string>; wal: Set<string> } {
  const entries = Object.entries(instance.data.claims);
  const pick = (wal: boolean): Set<string> => new Set(entries.filter(([what]) => (what === walDirectory) === wal).map(([, claim]) => claim));
  return { data: pick(false), wal: pick(true) };
}

/** Claims that a copy by the backup API cuts last. */
export function lastClaims(primary: Instance): string[] {
  return [...claimsOf(primary).wal];
}

/**
 * Why the servers cannot be copied by the backup API as they are, with the way out; empty when they can. Pure. The WAL
 * needs a volume of its own: recovery refuses data that was cut after the end of the backup when a file that the backup's
 * WAL writes to was removed in between (docs/design/0006-postgresql-backup-api.md).
 */
export function backupProblems(app: Detected, primary: Instance, instances: readonly Instance[], view: NamespaceView): Blocker[] {
  const { inspection, pod } = primary;
  const { data, wal } = claimsOf(primary);
  const setting = (name: string): string => inspection.settings[name]?.setting ?? '';
  const shared = [...wal].filter((claim) => data.has(claim));
  const known = new Set([...data, ...wal]);
  const mounted = view.pods.filter((p) => p.metadata.name === pod).flatMap((p) => [...mountedClaims(p)]);
  const strange = mounted.filter((claim) => !known.has(claim));
  const standbys = instances.filter((i) => i.pod !== pod && new Set(Object.values(i.data.claims)).size > 1);
  const why = [
    ...(shared.length === 0 ? [] : [`the WAL of pod ${pod} shares the claim ${shared.join(', ')} with data: give it a volume of its own, or, as one volume is cut at one instant anyway, take mode None with consistency.required CrashConsistentSynced`]),
    ...(strange.length === 0 ? [] : [`pod ${pod} has ${strange.join(', ')}, where the server keeps nothing and which its backup does not cover: leave it out with spec.selector`]),
    ...(setting('fsync') === 'off' ? [`fsync is off in pod ${pod}, so that the end of a backup flushes nothing: switch it on`] : []),
    ...(['replica', 'logical'].includes(setting('wal_level')) ? [] : [`wal_level in pod ${pod} is ${setting('wal_level')}: set it to replica`]),
    ...(inspection.mayBackUp ? [] : [`role ${inspection.role} may not begin a backup in pod ${pod}: name a Secret of a superuser, or of a role with REPLICATION and EXECUTE on the backup functions, in credentialsSecretRef`]),
    ...(inspection.freeSlots > 0 ? [] : [`no replication slot is free in pod ${pod}: raise max_replication_slots`]),
    ...standbys.map((i) => `the standby ${i.pod} has its data on several volumes, which no backup of the primary orders: leave them out with spec.selector`),
  ];
  return why.map((text) => ({ code: 'HoldNotPossible', message: `spec.applications[].mode BackupAPI is not possible for ${app.name}: ${text}.` }));
}
