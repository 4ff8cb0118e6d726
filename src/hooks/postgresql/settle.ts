import type { Cap, Preflight } from '../adapter.js';
import { settlingBecause } from './caps.js';
import type { Instance } from './facts.js';

/** For the write itself and for a busy node, beside the rounds of the WAL writer. */
const marginMillis = 100;
const defaultDelayMillis = 200;
/** Of a server that need not settle, or is not held. */
export const withoutSettle: Settle = { settleMillis: 0, gatePorts: [], caps: [] };

/** What must be done, or cannot be done, so that acknowledged commits are in the WAL file at the freeze. */
interface Settle extends Pick<Preflight, 'settleMillis' | 'gatePorts' | 'settleBecause' | 'settleOptional'> {
  readonly caps: readonly Cap[];
}

/**
 * Three rounds of the WAL writer write every asynchronous commit (documentation of synchronous_commit): with all clients
 * kept out for so long, everything that was acknowledged is in the WAL file, and the sync after the freeze brings it to
 * the device. A client that no gate keeps out spoils that, and then none is asked for. Pure.
 * @param instances the primary, and the standbys, whose ports are closed with it so that all settle in one window
 */
export function settleOf(name: string, primary: Instance, instances: readonly Instance[]): Settle {
  const because = settlingBecause(name, primary.inspection);
  if (because === undefined) return withoutSettle;
  const ports = instances.map((i) => Number(i.inspection.settings['port']?.setting));
  const problems = [...primary.ungated, ...(ports.every((port) => port > 0) ? [] : ['the port of a server is not known'])];
  if (problems.length > 0) {
    const reason = `${because}: acknowledged transactions may be in memory only, and not every client can be kept out while they are written, since ${problems.join('; ')}.`;
    return { ...withoutSettle, caps: [{ grade: 'CrashConsistentSynced', reason }] };
  }
  const delay = Number(primary.inspection.settings['wal_writer_delay']?.setting ?? defaultDelayMillis);
  return { settleMillis: 3 * delay + marginMillis, gatePorts: [...new Set(ports)], settleBecause: because, settleOptional: true, caps: [] };
}
