import { createHash, createHmac } from 'node:crypto';

/** A request to S3 without a body. */
export interface S3Request {
  readonly method: 'GET' | 'DELETE';
  readonly host: string;
  /** Path in the URL, each part escaped already. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly region: string;
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** SHA-256 of nothing. */
const emptyDigest = createHash('sha256').digest('hex');

/** Query as it is signed and sent: sorted, escaped by RFC 3986. */
export function queryText(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([key, value]) => `${escape(key)}=${escape(value)}`)
    .sort()
    .join('&');
}

/** As RFC 3986 wants it; encodeURIComponent leaves five characters more. */
export function escape(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * Headers that sign the request: AWS Signature Version 4. Pure. Source: Amazon S3 API reference, "Authenticating Requests (AWS Signature Version 4)".
 * `at`: wall clock, ms since the epoch; servers refuse what is some minutes off.
 */
export function signedHeaders(request: S3Request, credentials: S3Credentials, at: number): Record<string, string> {
  const date = new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const headers: Record<string, string> = {
    host: request.host,
    'x-amz-content-sha256': emptyDigest,
    'x-amz-date': date,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const signed = names.join(';');
  const canonical = [request.method, request.path, queryText(request.query), ...names.map((name) => `${name}:${headers[name] ?? ''}`), '', signed, emptyDigest].join('\n');
  const scope = `${date.slice(0, 8)}/${request.region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', date, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = [date.slice(0, 8), request.region, 's3', 'aws4_request'].reduce<Buffer | string>((k, part) => createHmac('sha256', k).update(part).digest(), `AWS4${credentials.secretAccessKey}`);
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  return { ...headers, authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope},SignedHeaders=${signed},Signature=${signature}` };
}
