import { describe, expect, test } from '@jest/globals';
import { judgeAnswer, judgeError, judgeLock } from '../../../src/movers/s3/judge.js';
import { escape, queryText, signedHeaders } from '../../../src/movers/s3/signature.js';

const place = { endpoint: 'https://s3.example', bucket: 'copies', region: 'us-east-1' };
const xml = (code: string, message = ''): string => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;

test('the example of the S3 API reference, "GET Bucket (List Objects)", has the signature that stands there', () => {
  const headers = signedHeaders(
    { method: 'GET', host: 'examplebucket.s3.amazonaws.com', path: '/', query: { 'max-keys': '2', prefix: 'J' }, region: 'us-east-1' },
    { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
    Date.parse('2013-05-24T00:00:00Z'),
  );
  expect(headers['authorization']).toBe('AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7');
});

test('escapes as RFC 3986 does', () => {
  expect(escape("a b!'()*~/")).toBe('a%20b%21%27%28%29%2A~%2F');
  expect(queryText({ b: '1', a: '' })).toBe('a=&b=1');
});

describe('answers', () => {
  test.each([
    [200, '', undefined],
    [204, '', undefined],
    [404, xml('NoSuchBucket', 'The specified bucket does not exist'), 'TargetBucketMissing'],
    [403, xml('InvalidAccessKeyId'), 'TargetCredentialsWrong'],
    [403, xml('SignatureDoesNotMatch'), 'TargetCredentialsWrong'],
    [403, '', 'TargetCredentialsWrong'],
    [404, xml('XAdminUserNotFound', 'No user exists with the provided access key ID.'), 'TargetCredentialsWrong'],
    [507, '', 'TargetFull'],
    [503, xml('SlowDown'), 'TargetUnreachable'],
    [301, xml('PermanentRedirect'), 'MoverFailed'],
  ])('%d %s: %s', (status, body, code) => {
    expect(judgeAnswer({ status, body }, place)?.code).toBe(code);
  });

  test('no answer: the certificate, or the network', () => {
    const error = (code: string): Error => Object.assign(new Error('bad'), { code });
    expect(judgeError(error('SELF_SIGNED_CERT_IN_CHAIN'), place).code).toBe('TargetCertificateUntrusted');
    expect(judgeError(error('ERR_TLS_CERT_ALTNAME_INVALID'), place).code).toBe('TargetCertificateUntrusted');
    expect(judgeError(error('ECONNREFUSED'), place).code).toBe('TargetUnreachable');
  });
});

describe('object lock', () => {
  const locked = (mode: string, period: string): string => `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>${mode}</Mode>${period}</DefaultRetention></Rule></ObjectLockConfiguration>`;
  const asked = { ...place, objectLock: { mode: 'Governance' as const, retentionDays: 30 } };

  test.each([
    ['enough', asked, locked('GOVERNANCE', '<Days>30</Days>'), undefined],
    ['years', asked, locked('COMPLIANCE', '<Years>1</Years>'), undefined],
    ['too short', asked, locked('GOVERNANCE', '<Days>29</Days>'), 'TargetNotLocked'],
    ['too weak', { ...asked, objectLock: { mode: 'Compliance' as const, retentionDays: 1 } }, locked('GOVERNANCE', '<Days>30</Days>'), 'TargetNotLocked'],
    ['no default', asked, '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>', 'TargetNotLocked'],
    ['not asked for', place, '', undefined],
  ])('%s', (_, where, body, code) => {
    expect(judgeLock({ status: 200, body }, where)?.code).toBe(code);
  });

  test('a bucket without it', () => {
    expect(judgeLock({ status: 404, body: xml('ObjectLockConfigurationNotFoundError') }, asked)?.code).toBe('TargetNotLocked');
  });
});
