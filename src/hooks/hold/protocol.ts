/**
 * Lines of the holder protocol, version 1 (docs/design/0002-holder-protocol.md). A holder answers on stdout with
 * `STILL1 <hold id> <event> key=value…`, values percent-encoded. Nothing but such a line of the right id proves anything.
 */

/** What a holder can be told, one a line. */
export type HolderCommand = 'sync' | 'arm' | 'beat' | 'gate' | 'freeze' | 'release' | 'abort';

/** What a holder says. Times are microseconds as the holder measured them. */
export type HolderEvent =
  | { readonly kind: 'ready'; readonly targets: number; readonly volumes: number; readonly gates: number }
  | { readonly kind: 'synced'; readonly micros: number; readonly synced: boolean }
  | { readonly kind: 'armed' }
  /** All gates are closed, and read back. */
  | { readonly kind: 'gated'; readonly gateMicros: number }
  /**
   * `synced: false`: the processes stand still, but the page cache could not be written back. `fenced`: no process stands
   * still, the server keeps its clients from writing. `settledMicros`: from the last gate closed to the first freeze.
   */
  | { readonly kind: 'frozen'; readonly freezeMicros: number; readonly syncMicros: number; readonly synced: boolean; readonly fenced: boolean; readonly settledMicros?: number | undefined }
  | { readonly kind: 'beat' }
  /** `unbroken`: still frozen, by the same processes, right before this release. `thawMicros`: from the command to the thaw (vantage Node). */
  | { readonly kind: 'released'; readonly why: string; readonly unbroken: boolean; readonly heldMicros: number; readonly thawMicros?: number | undefined }
  | { readonly kind: 'broken'; readonly why: string; readonly heldMicros: number }
  /** Over without an impact, or ended before; `why=absent` when no such hold was known. */
  | { readonly kind: 'ended'; readonly why: string }
  /** Answer of `mounts` for one volume. `kept`: not mounted, but its kubelet has not mounted it yet or is not done with unmounting it. */
  | { readonly kind: 'volume'; readonly ref: string; readonly state: VolumeState; readonly at: string }
  /** Every volume that was asked for has been answered. */
  | { readonly kind: 'looked'; readonly volumes: number }
  | { readonly kind: 'error'; readonly code: string; readonly message: string };

/** What a node has of a volume. */
const volumeStates = ['mounted', 'kept', 'free'] as const;
export type VolumeState = (typeof volumeStates)[number];

export type HolderEventKind = HolderEvent['kind'];

/** A line of stdout: an event of this hold, something of somebody else, or an event that cannot be read. */
export type ParsedLine =
  | { readonly kind: 'event'; readonly event: HolderEvent }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'malformed'; readonly reason: string };

const sentinel = 'STILL1';
/** Longer lines are no events of ours (values are bounded by the holder). */
const maxLineLength = 8192;
const fieldPattern = /^([A-Za-z][A-Za-z0-9]{0,31})=((?:[A-Za-z0-9._~:/,+-]|%[0-9A-Fa-f]{2})*)$/;
const foreign: ParsedLine = { kind: 'foreign' };

/** Reads one line of a holder's stdout. Never throws. Events that this version does not know are foreign. */
export function parseLine(line: string, id: string): ParsedLine {
  const prefix = `${sentinel} ${id} `;
  if (!line.startsWith(prefix)) return foreign;
  if (line.length > maxLineLength) return malformed('line too long');
  const [kind = '', ...rest] = line.slice(prefix.length).split(' ');
  const read = readers.get(kind);
  if (read === undefined) return foreign;
  const fields = readFields(rest);
  if (typeof fields === 'string') return malformed(fields);
  const event = read(fields);
  return event === undefined ? malformed(`${kind} lacks a field or has a wrong value`) : { kind: 'event', event };
}

function malformed(reason: string): ParsedLine {
  return { kind: 'malformed', reason };
}

type Fields = ReadonlyMap<string, string>;

/** The fields by name, or what is wrong with them. */
function readFields(texts: readonly string[]): Fields | string {
  const fields = new Map<string, string>();
  for (const text of texts) {
    const [, key, value] = fieldPattern.exec(text) ?? [];
    if (key === undefined || value === undefined) return 'not a key=value field';
    if (fields.has(key)) return `field ${key} twice`;
    fields.set(key, decodeValue(value));
  }
  return fields;
}

/** Bytes that are no UTF-8 become U+FFFD: messages may quote anything. */
function decodeValue(value: string): string {
  if (!value.includes('%')) return value;
  const bytes = value.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return new TextDecoder().decode(Buffer.from(bytes, 'latin1'));
}

/** A whole number without sign, or undefined. */
function count(fields: Fields, key: string): number | undefined {
  const text = fields.get(key);
  return text !== undefined && /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

/** A word as the protocol uses them for reasons, or undefined. */
function word(fields: Fields, key: string): string | undefined {
  const text = fields.get(key);
  return text !== undefined && /^[A-Za-z]{1,32}$/.test(text) ? text : undefined;
}

type Reader = (fields: Fields) => HolderEvent | undefined;

const byKind: Readonly<Record<HolderEventKind, Reader>> = {
  ready: (fields) => {
    const targets = count(fields, 'targets');
    const volumes = count(fields, 'volumes');
    return targets === undefined || volumes === undefined ? undefined : { kind: 'ready', targets, volumes, gates: count(fields, 'gates') ?? 0 };
  },
  synced: (fields) => {
    const micros = count(fields, 'micros');
    return micros === undefined ? undefined : { kind: 'synced', micros, synced: fields.get('sync') !== 'none' };
  },
  armed: () => ({ kind: 'armed' }),
  gated: (fields) => {
    const gateMicros = count(fields, 'gateMicros');
    return gateMicros === undefined ? undefined : { kind: 'gated', gateMicros };
  },
  frozen: (fields) => {
    const freezeMicros = count(fields, 'freezeMicros');
    const syncMicros = count(fields, 'syncMicros');
    if (freezeMicros === undefined || syncMicros === undefined) return undefined;
    return { kind: 'frozen', freezeMicros, syncMicros, synced: fields.get('sync') !== 'none', fenced: fields.get('fenced') === 'true', settledMicros: count(fields, 'settledMicros') };
  },
  beat: () => ({ kind: 'beat' }),
  released: (fields) => {
    const why = word(fields, 'why');
    const heldMicros = count(fields, 'heldMicros');
    const unbroken = fields.get('unbroken');
    if (why === undefined || heldMicros === undefined || (unbroken !== 'true' && unbroken !== 'false')) return undefined;
    return { kind: 'released', why, unbroken: unbroken === 'true' && why === 'release', heldMicros, thawMicros: count(fields, 'thawMicros') };
  },
  broken: (fields) => {
    const why = word(fields, 'why');
    const heldMicros = count(fields, 'heldMicros');
    return why === undefined || heldMicros === undefined ? undefined : { kind: 'broken', why, heldMicros };
  },
  ended: (fields) => {
    const why = word(fields, 'why');
    return why === undefined ? undefined : { kind: 'ended', why };
  },
  volume: (fields) => {
    const ref = fields.get('ref');
    const state = volumeStates.find((known) => known === fields.get('state'));
    return ref === undefined || state === undefined ? undefined : { kind: 'volume', ref, state, at: fields.get('at') ?? '' };
  },
  looked: (fields) => {
    const volumes = count(fields, 'volumes');
    return volumes === undefined ? undefined : { kind: 'looked', volumes };
  },
  error: (fields) => {
    const code = word(fields, 'code');
    return code === undefined ? undefined : { kind: 'error', code, message: fields.get('message') ?? '' };
  },
};

/** A map, since the name comes from outside. */
const readers: ReadonlyMap<string, Reader> = new Map(Object.entries(byKind));
