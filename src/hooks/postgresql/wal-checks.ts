import type { Check } from '../../api/common.js';
import type { Positions } from '../adapter.js';
import { compareLsn, type Lsn } from './lsn.js';
import { hasMarker, type WalRecord } from './record.js';

const markerName = 'marker present';
const laterName = 'nothing after the release';
const completeName = 'WAL of the backup is whole';
const replayedName = 'WAL replayed to its end';

/**
 * What the WAL of the cut proves, from the record made before the first start. Pure.
 * @param inserted where the restored server writes now
 */
export function walChecks(setId: string, positions: Positions, record: WalRecord | undefined, inserted: Lsn): Check[] {
  const missing = record === undefined ? 'The step that examines the WAL before the first start left no record.' : whyUnusable(record, setId);
  if (record === undefined || missing !== undefined) {
    return [markerName, ...(positions['backupStop'] === undefined ? [] : [completeName]), laterName, replayedName].map((name) => ({ name, outcome: 'Unknown', message: missing ?? '' }));
  }
  return [markerCheck(setId, positions, record), ...completeCheck(positions, record), laterCheck(setId, positions, record), replayedCheck(record, inserted)];
}

function whyUnusable(record: WalRecord, setId: string): string | undefined {
  if (record.setId !== setId) return `The record of the WAL belongs to another copy (${record.setId}).`;
  return record.problem === undefined ? undefined : `The WAL could not be examined: ${record.problem}`;
}

function markerCheck(setId: string, positions: Positions, record: WalRecord): Check {
  const { markerFrom = '', marker = '', backupStop } = positions;
  const before = backupStop === undefined ? 'the hold' : 'the backup ended';
  if (marker === '') return { name: markerName, outcome: 'Unknown', message: 'The copy carries no position of a marker.' };
  if (hasMarker(record, setId, { markerFrom, marker })) return { name: markerName, outcome: 'Passed', message: `The marker of the copy is in its WAL at ${markerFrom}: everything committed before ${before} is there.` };
  // A checkpoint after the warm-up: WAL before it need not be there any more.
  if (backupStop === undefined && record.redo !== undefined && compareLsn(record.redo, marker) >= 0) {
    return { name: markerName, outcome: 'Passed', message: `A checkpoint at ${record.redo}, after the marker at ${markerFrom}, is complete in the copy: everything committed before the hold is in its data files.` };
  }
  return { name: markerName, outcome: 'Failed', message: `The WAL of the copy lacks the marker that was committed at ${markerFrom} before ${before}: acknowledged transactions are missing.` };
}

/** Recovery is consistent only past the end of the backup, and refuses to end before it. */
function completeCheck({ backupStart = '', backupStop }: Positions, record: WalRecord): Check[] {
  if (backupStop === undefined) return [];
  if (record.last === undefined) return [{ name: completeName, outcome: 'Unknown', message: 'The end of the WAL is not known.' }];
  if (compareLsn(record.last, backupStop) >= 0) return [{ name: completeName, outcome: 'Passed', message: `The WAL goes on past ${backupStop}, where the backup that began at ${backupStart} ended.` }];
  return [{ name: completeName, outcome: 'Failed', message: `The WAL ends at ${record.last}, before the end of the backup at ${backupStop}: its volume was cut too early.` }];
}

/** The first position read after the release bounds what was written before it; a later copy's marker bounds it as well. */
function laterCheck(setId: string, positions: Positions, record: WalRecord): Check {
  const bound = positions['releasedInserted'] ?? '';
  const other = record.markers.find((m) => m.setId !== setId);
  if (other !== undefined) return { name: laterName, outcome: 'Failed', message: `The copy holds the marker of a later copy, ${other.setId}, at ${other.lsn}.` };
  if (bound === '' || record.last === undefined) return { name: laterName, outcome: 'Unknown', message: 'The end of the WAL or the position after the release is not known.' };
  if (compareLsn(record.last, bound) < 0) return { name: laterName, outcome: 'Passed', message: `The last WAL record begins at ${record.last}, before ${bound}, the first position seen after the release.` };
  return { name: laterName, outcome: 'Failed', message: `The copy holds a WAL record at ${record.last}, written after the release (${bound}).` };
}

function replayedCheck(record: WalRecord, inserted: Lsn): Check {
  if (record.last === undefined) return { name: replayedName, outcome: 'Unknown', message: 'The end of the WAL is not known.' };
  if (compareLsn(inserted, record.last) > 0) return { name: replayedName, outcome: 'Passed', message: `The server writes at ${inserted}, past the last record of the copy at ${record.last}.` };
  return { name: replayedName, outcome: 'Failed', message: `The server writes at ${inserted}, before the last record of the copy at ${record.last}: it did not replay all of its WAL.` };
}
