import type { ErrorCode } from '../../api/errors.js';
import type { S3Place } from '../request.js';
import { meaningOf } from '../restic/classify.js';
import type { S3Answer } from './client.js';

/** What keeps a target from being used. */
export interface Trouble {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What a server's answer to a plain question about the bucket means; undefined when it is a good one. Pure. */
export function judgeAnswer({ status, body }: S3Answer, place: S3Place): Trouble | undefined {
  if (status >= 200 && status < 300) return undefined;
  const code = element(body, 'Code') ?? '';
  const message = element(body, 'Message') ?? '';
  const said = `${place.endpoint} answers for bucket ${place.bucket} with ${status}${code === '' ? '' : ` ${code}`}${message === '' ? '' : `: ${message}`}`;
  const meant = meaningOf(`${code} ${message}`);
  if (meant !== undefined) return { code: meant, message: said };
  if (status === 404) return { code: 'TargetBucketMissing', message: said };
  if (status === 401 || status === 403) return { code: 'TargetCredentialsWrong', message: said };
  if (status === 507) return { code: 'TargetFull', message: said };
  if (status >= 500 || status === 429) return { code: 'TargetUnreachable', message: said };
  return { code: 'MoverFailed', message: said };
}

/** Errors of Node's TLS that mean the certificate. */
const certificateErrors = /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_[A-Z_]+|ERR_TLS_CERT_ALTNAME_INVALID)$/;

/** What it means that there was no answer. Pure. */
export function judgeError(error: unknown, { endpoint }: S3Place): Trouble {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = error instanceof Error ? error.message : String(error);
  if (certificateErrors.test(code)) return { code: 'TargetCertificateUntrusted', message: `The certificate of ${endpoint} is not trusted: ${text}` };
  return { code: 'TargetUnreachable', message: `${endpoint} cannot be reached: ${text}` };
}

/** Whether the bucket locks objects as it is asked for, from the answer to `?object-lock`. Pure. */
export function judgeLock({ status, body }: S3Answer, { bucket, objectLock }: S3Place): Trouble | undefined {
  if (objectLock === undefined) return undefined;
  const wanted = `s3.objectLock asks for ${objectLock.mode} and ${objectLock.retentionDays} days`;
  const mode = element(body, 'Mode')?.toUpperCase();
  if (status !== 200 || element(body, 'ObjectLockEnabled') !== 'Enabled' || mode === undefined) {
    return { code: 'TargetNotLocked', message: `${wanted}, but bucket ${bucket} has no default retention.` };
  }
  const days = Number(element(body, 'Days') ?? 0) + 365 * Number(element(body, 'Years') ?? 0);
  if (days < objectLock.retentionDays || (objectLock.mode === 'Compliance' && mode !== 'COMPLIANCE')) {
    return { code: 'TargetNotLocked', message: `${wanted}, but the default retention of bucket ${bucket} is ${mode} and ${days} days.` };
  }
  return undefined;
}

/** Text of the first element of this name; answers of S3 have no attributes on these. */
function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}
