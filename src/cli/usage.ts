/** Wrong use of the command line: exit code 2. */
export class UsageError extends Error {}

/** A value that the call must have. */
export function required(value: string | undefined, what: string): string {
  if (value === undefined || value === '') throw new UsageError(`missing: ${what}`);
  return value;
}

/** What the verbs share of the command line. */
export interface Flags {
  readonly output: string;
  readonly wait: string;
  readonly timeout: string;
  readonly 'dry-run': boolean;
  readonly 'in-place': boolean;
  readonly 'service-account'?: string | undefined;
  readonly required?: string | undefined;
  readonly from?: string | undefined;
  readonly into?: string | undefined;
  readonly 'into-service-account'?: string | undefined;
  readonly existing?: string | undefined;
}

/** `--timeout`, in minutes, as ms. */
export function timeoutMillis(flags: Flags): number {
  const minutes = Number(flags.timeout);
  if (!(minutes > 0)) throw new UsageError(`--timeout ${flags.timeout} is not a number of minutes`);
  return minutes * 60_000;
}
