import { compareLsn, type Lsn } from './lsn.js';

/** What the WAL of a copy held before its first start (written by the prepare step). */
export interface WalRecord {
  readonly setId: string;
  /** Markers of ours from the copy's own on, in order. */
  readonly markers: readonly { readonly lsn: Lsn; readonly setId: string }[];
  /** Where recovery begins: everything before it is in the data files of the copy already. Undefined when it could not be read. */
  readonly redo: Lsn | undefined;
  /** Begin of the last record that is whole; undefined when none was. */
  readonly last: Lsn | undefined;
  /** Why it could not be read, in words of the tool; undefined when it was. */
  readonly problem: string | undefined;
}

const lsnField = /\blsn: ([0-9A-F]+)\/([0-9A-F]+)/;
const payloadField = /prefix "stillpoint"; payload \(\d+ bytes\): ((?:[0-9A-F]{2} ?)+)$/;
/** How pg_waldump says that the log ends here: everything else means that it could not read on. */
const endOfLog = /error in WAL record at|could not find a valid record|invalid record length|invalid magic number/;

/** Reads the record; undefined when it is incomplete. */
export function parseRecord(text: string): WalRecord | undefined {
  const lines = text.split('\n');
  const value = (key: string): string | undefined => lines.find((line) => line.startsWith(`${key}=`))?.slice(key.length + 1);
  const setId = value('set');
  if (setId === undefined || value('end') !== '1') return undefined;
  const markers = lines.filter((line) => line.startsWith('message=')).flatMap((line) => marker(line));
  const stopped = value('stopped') ?? '';
  const last = lsnIn(value('last') ?? '');
  // A log that ends with its segment goes on in a file that was never made.
  const ended = endOfLog.test(stopped) || (last !== undefined && /could not find file/.test(stopped));
  const problem = value('missing') === undefined ? (ended ? undefined : stopped) : 'there is no pg_waldump in the image';
  return { setId, markers, redo: redoIn(value('redo')), last, problem };
}

function marker(line: string): { lsn: Lsn; setId: string }[] {
  const lsn = lsnIn(line);
  const payload = payloadField.exec(line)?.[1];
  if (lsn === undefined || payload === undefined) return [];
  return [{ lsn, setId: Buffer.from(payload.replaceAll(' ', ''), 'hex').toString('utf8') }];
}

/** The position in a line of pg_waldump, without leading zeros as SQL prints it. */
function lsnIn(line: string): Lsn | undefined {
  const match = lsnField.exec(line);
  if (match === null) return undefined;
  return [match[1], match[2]].map((half) => (half ?? '').replace(/^0+(?=.)/, '')).join('/');
}

function redoIn(text: string | undefined): Lsn | undefined {
  return text !== undefined && /^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/.test(text) ? text : undefined;
}

/** The marker of this copy: at its position, with its set id. */
export function hasMarker(record: WalRecord, setId: string, positions: { readonly markerFrom: Lsn; readonly marker: Lsn }): boolean {
  return record.markers.some((m) => m.setId === setId && compareLsn(m.lsn, positions.markerFrom) >= 0 && compareLsn(m.lsn, positions.marker) < 0);
}
