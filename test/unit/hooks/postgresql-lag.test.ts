import { describe, expect, test } from '@jest/globals';
import type { Inspection } from '../../../src/hooks/postgresql/inspection.js';
import { lagCaps } from '../../../src/hooks/postgresql/lag.js';

const gibibyte = 2 ** 30;

function server(pod: string, standby: boolean, walBytes: number, maxWal?: string, part: Partial<Inspection> = {}): { pod: string; inspection: Inspection } {
  const settings = maxWal === undefined ? {} : { max_wal_size: { setting: maxWal, source: 'default' } };
  const inspection = { version: 150_018, serverVersion: '15.18', standby, role: 'app', mayCheckpoint: true, systemIdentifier: '1', settings, tablespaces: [], asynchronous: [], localClients: 0, replicas: 0, walBytes, mayBackUp: true, freeSlots: 10, keptSlots: [], commandLine: [], ...part };
  return { pod, inspection };
}

describe('standbys that are behind', () => {
  const primary = server('pg-0', false, 10 * gibibyte, '2048');

  test('nobody is blamed who has what the primary surely keeps', () => {
    const instances = [primary, server('pg-1', true, 10 * gibibyte), server('pg-2', true, 8 * gibibyte)];
    expect(lagCaps(primary, instances)).toEqual([]);
  });

  test('one that lacks more caps the grade and is named, with what it lacks and the way out', () => {
    const caps = lagCaps(primary, [primary, server('pg-1', true, 8 * gibibyte - 2 ** 20), server('pg-2', true, 9 * gibibyte)]);
    expect(caps).toEqual([{ grade: 'Quiesced', reason: expect.stringMatching(/^Standby pg-1 lacks 2049 MiB .*max_wal_size \(2048 MiB\).*leave it out with spec\.selector/) }]);
  });

  test('where max_wal_size cannot be seen its default counts', () => {
    const unseen = server('pg-0', false, 3 * gibibyte);
    expect(lagCaps(unseen, [unseen, server('pg-1', true, gibibyte)])).toHaveLength(1);
    expect(lagCaps(unseen, [unseen, server('pg-1', true, 2 * gibibyte)])).toEqual([]);
  });

  test('one for which a slot of the primary keeps what it lacks is not behind; a slot that keeps nothing does not help', () => {
    const keeping = server('pg-0', false, 10 * gibibyte, '2048', { keptSlots: ['pg_1'] });
    const waiting = (slot: string) => server('pg-1', true, gibibyte, undefined, { settings: { primary_slot_name: { setting: slot, source: 'configuration file' } } });
    expect(lagCaps(keeping, [keeping, waiting('pg_1')])).toEqual([]);
    expect(lagCaps(keeping, [keeping, waiting('pg_2')])).toHaveLength(1);
    expect(lagCaps(keeping, [keeping, waiting('')])).toHaveLength(1);
  });
});
