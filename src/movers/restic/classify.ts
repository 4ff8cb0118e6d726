import type { ErrorCode } from '../../api/errors.js';

/** How a call of restic ended. */
export interface ResticEnd {
  readonly exitCode: number;
  /** What it said on stderr, the last part of it. */
  readonly said: string;
}

/** Exit codes with a meaning of their own (restic 0.18, doc/075_scripting). */
const exitCodes: Readonly<Record<number, ErrorCode>> = { 3: 'MoverCannotRead', 10: 'TargetRepositoryGone', 11: 'TargetLocked', 12: 'TargetKeyWrong' };

/** What restic, its S3 client or a server says, by what it means; the first that fits. Codes of S3 are those of its API, and what clients make of them. */
const words: readonly (readonly [RegExp, ErrorCode])[] = [
  [/x509:|certificate signed by unknown authority|failed to verify certificate|certificate is not trusted|server gave HTTP response to HTTPS client/i, 'TargetCertificateUntrusted'],
  [/NoSuchBucket|specified bucket does not exist|bucket does not exist/i, 'TargetBucketMissing'],
  [/no space left on device|disk quota exceeded|QuotaExceeded|StorageFull|InsufficientStorage|507 Insufficient|minimum free drive threshold/i, 'TargetFull'],
  [/InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|Access Denied|InvalidToken|ExpiredToken|403 Forbidden|UserNotFound|No user exists|Access Key Id you provided does not exist|signature we calculated does not match/i, 'TargetCredentialsWrong'],
  [/wrong password or no key found/i, 'TargetKeyWrong'],
  [/repository is already locked|unable to create lock in backend/i, 'TargetLocked'],
  [/ciphertext verification failed|invalid data returned|hash does not match|pack .* damaged|load .* returned invalid data/i, 'TargetDamaged'],
  [/no such host|connection refused|i\/o timeout|context deadline exceeded|no route to host|network is unreachable|connection reset|TLS handshake timeout|unexpected EOF/i, 'TargetUnreachable'],
  [/permission denied|read-only file system/i, 'TargetNotWritable'],
  [/no matching ID found/i, 'RecoveryPointNotFound'],
];

/** What an error means, by its words; undefined where they say nothing that is known. Pure. */
export function meaningOf(said: string): ErrorCode | undefined {
  return words.find(([pattern]) => pattern.test(said))?.[1];
}

/** The code for a call that failed: by its exit code, else by its words. Pure. */
export function classify({ exitCode, said }: ResticEnd): ErrorCode {
  const meant = meaningOf(said);
  // A lock that cannot be written for want of room is no lock of somebody else; a bucket that is gone is more than a repository that is.
  if (exitCode === 10 && meant === 'TargetBucketMissing') return meant;
  return exitCodes[exitCode] ?? meant ?? 'MoverFailed';
}

/** Errors that restic repeats for a quarter of an hour although only people can help. */
const hopeless: ReadonlySet<ErrorCode> = new Set(['TargetCertificateUntrusted', 'TargetBucketMissing', 'TargetFull', 'TargetCredentialsWrong']);

/** What a line that announces one more try means, if trying is in vain. Pure. */
export function inVain(line: string): ErrorCode | undefined {
  if (!line.includes('retrying after')) return undefined;
  const code = meaningOf(line);
  return code !== undefined && hopeless.has(code) ? code : undefined;
}

/**
 * Whether a line on stderr says that a snapshot was left out of a list because it could not be read: restic succeeds all the same. One that is not there is no such; whoever asked
 * for it by id sees that. With ids it says as well that the host in its environment is no filter. Source: restic 0.18, cmd/restic/find.go. Pure.
 */
export function isLeftOut(line: string): boolean {
  return /^(could not load snapshots|Ignoring "(?!filters"))/.test(line) && !line.includes('no matching ID found');
}

/** Words for people: one line, without what they may not see, of a length that fits. Pure. */
export function sentence(said: string, secrets: readonly string[]): string {
  const hidden = secrets.filter((secret) => secret.length >= 4).reduce((text, secret) => text.replaceAll(secret, '***'), said);
  return hidden.replace(/\s+/g, ' ').trim().slice(-1500);
}
