// What the writer records: one line of JSON for each row that the database acknowledged.

/** Table of the writer; one row is one insert of one writer. */
export const TABLE = 'stillpoint_rows';

/** Creates the table. Every row carries its writer and its number, so that a missing one has a name. */
export const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS ${TABLE} (writer int NOT NULL, n bigint NOT NULL, PRIMARY KEY (writer, n))`;

/** Reads back what a copy holds, in the form of {@link Row}. */
export const READ_ROWS = `SELECT writer, n::int AS n FROM ${TABLE} ORDER BY writer, n`;

/** A row by its writer and its number; numbers of a writer start at 1 and have no gap. */
export interface Row {
  readonly writer: number;
  readonly n: number;
}

/** An acknowledged insert; instants are milliseconds of CLOCK_MONOTONIC of the host, with fractions. */
export interface Acknowledgement extends Row {
  /** Taken just before the statement was sent. */
  readonly sentAt: number;
  /** Taken when the answer had arrived: the database promised the row not later than this. */
  readonly ackedAt: number;
}

/** A statement or a connection that failed; the writer then starts a new connection and goes on with the next number. */
export interface WriteError {
  readonly writer: number;
  /** Number of the row whose fate is unknown; absent when no statement was under way. */
  readonly n?: number;
  /** When that row was sent. */
  readonly sentAt?: number;
  readonly at: number;
  readonly error: string;
}

/** A line of the log. */
export type LogLine = Acknowledgement | WriteError;

/** Milliseconds of CLOCK_MONOTONIC, the same clock for every process of the host (clock_gettime(2)). */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Splits a log into acknowledgements and errors. An unfinished last line (the writer was killed) is no acknowledgement. */
export function parseLog(text: string): { acknowledgements: Acknowledgement[]; errors: WriteError[] } {
  const acknowledgements: Acknowledgement[] = [];
  const errors: WriteError[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const parsed = JSON.parse(line) as LogLine;
    if ('error' in parsed) errors.push(parsed);
    else acknowledgements.push(parsed);
  }
  return { acknowledgements, errors };
}
