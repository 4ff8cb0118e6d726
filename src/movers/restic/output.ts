import type { MoverProgress } from '../request.js';

/** What restic says at the end of a backup. */
export interface BackupSummary {
  readonly snapshotId: string;
  readonly bytes: number;
  readonly bytesAdded: number;
}

/** A file in a snapshot, as `restic ls --json` lists it. */
export interface ResticNode {
  readonly path: string;
  readonly user: number;
  readonly group: number;
}

/** One line of restic's JSON, as far as it matters here. */
export type ResticMessage =
  | { readonly kind: 'progress'; readonly progress: MoverProgress }
  | { readonly kind: 'summary'; readonly summary: BackupSummary }
  /** A restore has come to its end. */
  | { readonly kind: 'restored'; readonly bytes: number }
  /** A file in a snapshot, and whom it belongs to. */
  | { readonly kind: 'node'; readonly node: ResticNode }
  /** A file could not be read, or not be written. */
  | { readonly kind: 'unreadable'; readonly item: string; readonly message: string }
  /** The last word of a call that failed. */
  | { readonly kind: 'exit'; readonly code: number; readonly message: string };

/** A snapshot as `restic snapshots --json` lists it. */
export interface ResticSnapshot {
  readonly id: string;
  readonly tree: string;
  readonly time: string;
  readonly tags: readonly string[];
}

type Json = Record<string, unknown>;

/** Reads a line of `--json`; undefined for what is none, or says nothing that matters. Source: restic 0.18, doc/075_scripting. Pure. */
export function readLine(line: string): ResticMessage | undefined {
  const message = parse(line);
  switch (message?.['message_type']) {
    case 'status':
      return { kind: 'progress', progress: progressOf(message) };
    case 'summary':
      return summaryOf(message);
    case 'node':
      return { kind: 'node', node: { path: text(message['path']), user: whole(message['uid']), group: whole(message['gid']) } };
    case 'error': {
      const error = message['error'];
      return { kind: 'unreadable', item: text(message['item']), message: typeof error === 'object' && error !== null ? text((error as Json)['message']) : text(message['message']) };
    }
    case 'exit_error':
      return { kind: 'exit', code: whole(message['code']), message: text(message['message']) };
    default:
      return undefined;
  }
}

/** The snapshots of `restic snapshots --json`. Throws an Error on anything else. Pure. */
export function readSnapshots(output: string): ResticSnapshot[] {
  const list: unknown = JSON.parse(output.trim() === '' ? '[]' : output);
  if (!Array.isArray(list)) throw new Error('restic did not print a list of snapshots');
  return list.map((entry: Json) => ({ id: text(entry['id']), tree: text(entry['tree']), time: text(entry['time']), tags: Array.isArray(entry['tags']) ? entry['tags'].map(String) : [] }));
}

/** The id in `restic cat config` or `restic init --json`; undefined when there is none. Pure. */
export function readRepositoryId(output: string): string | undefined {
  const id = parse(output)?.['id'];
  return typeof id === 'string' && /^[0-9a-f]{64}$/.test(id) ? id : undefined;
}

/** The host of `restic cat lock`. Pure. */
export function readLockHost(output: string): string {
  return text(parse(output)?.['hostname']);
}

/** A backup says how long it will still take. A restore does not, and counts what was there already apart from the rest. */
function progressOf(message: Json): MoverProgress {
  const [written, skipped] = [whole(message['bytes_restored']), whole(message['bytes_skipped'])];
  const total = whole(message['total_bytes']);
  const eta = message['seconds_remaining'] ?? (written === 0 ? undefined : (whole(message['seconds_elapsed']) * (total - written)) / written);
  return { bytesDone: whole(message['bytes_done']) + written + skipped, bytesTotal: total + skipped, ...(typeof eta === 'number' && eta > 0 ? { etaSeconds: whole(eta) } : {}) };
}

/** A backup names its snapshot, a check counts errors, a restore does neither. */
function summaryOf(message: Json): ResticMessage | undefined {
  const id = message['snapshot_id'];
  if (id === undefined && message['num_errors'] === undefined) return { kind: 'restored', bytes: whole(message['total_bytes']) + whole(message['bytes_skipped']) };
  if (typeof id !== 'string') return undefined;
  return { kind: 'summary', summary: { snapshotId: id, bytes: whole(message['total_bytes_processed']), bytesAdded: whole(message['data_added_packed'] ?? message['data_added']) } };
}

function parse(line: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    // Not every line of restic is JSON.
    return undefined;
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Numbers of restic are not negative; what it leaves out is 0. */
function whole(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.floor(value) : 0;
}
