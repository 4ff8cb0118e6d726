import type { Cap } from '../adapter.js';
import type { Instance } from './facts.js';

const mebibyte = 2 ** 20;
/** Of max_wal_size, when it cannot be seen. */
const defaultMaxWalMiB = 1024;

/**
 * Standbys that lack more WAL than the primary need keep for them: after so much of it a checkpoint may remove what they have
 * not received (documentation of max_wal_size). The copy of such a standby is one of its own past, and need never catch up
 * with the restored primary. One that has received it and only replays late is no such standby, and neither is one for which
 * a replication slot keeps it: slot and WAL are in the copy of the primary. Pure.
 */
export function lagCaps(primary: Pick<Instance, 'inspection'>, instances: readonly Pick<Instance, 'pod' | 'inspection'>[]): Cap[] {
  const most = Number(primary.inspection.settings['max_wal_size']?.setting ?? defaultMaxWalMiB);
  return instances.filter((i) => i.inspection.standby).flatMap(({ pod, inspection }): Cap[] => {
    const missing = Math.floor((primary.inspection.walBytes - inspection.walBytes) / mebibyte);
    if (missing <= most || primary.inspection.keptSlots.includes(inspection.settings['primary_slot_name']?.setting ?? '')) return [];
    return [{
      grade: 'Quiesced',
      reason: `Standby ${pod} lacks ${missing} MiB of the primary's WAL, more than max_wal_size (${most} MiB): its copy may never catch up with the restored primary. Repair it, or leave it out with spec.selector.`,
    }];
  });
}
