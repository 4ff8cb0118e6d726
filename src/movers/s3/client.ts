import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { S3Place } from '../request.js';
import { escape, queryText, signedHeaders, type S3Credentials, type S3Request } from './signature.js';

export interface S3Answer {
  readonly status: number;
  /** XML, or empty. */
  readonly body: string;
}

/** An answer is small: errors, settings of a bucket, one name. */
const maxBytes = 256 * 1024;
const timeoutMillis = 30_000;

/** Asks for an object, or for the bucket where `key` is empty. `ca`: certificates in PEM instead of the world's. Rejects with what the network says. */
export function askS3(place: S3Place, ask: { method: S3Request['method']; key: string; query: Readonly<Record<string, string>> }, own: { credentials: S3Credentials; ca: string | undefined; now: number }): Promise<S3Answer> {
  const url = new URL(place.endpoint);
  const path = ['', place.bucket, ...(ask.key === '' ? [''] : ask.key.split('/'))].map(escape).join('/');
  const headers = signedHeaders({ method: ask.method, host: url.host, path, query: ask.query, region: place.region }, own.credentials, own.now);
  const query = queryText(ask.query);
  const options = { method: ask.method, hostname: url.hostname, port: url.port === '' ? undefined : url.port, path: query === '' ? path : `${path}?${query}`, headers, timeout: timeoutMillis };
  return new Promise((resolve, reject) => {
    const sent = url.protocol === 'https:' ? httpsRequest({ ...options, ...(own.ca === undefined ? {} : { ca: own.ca }) }) : httpRequest(options);
    sent.on('timeout', () => sent.destroy(new Error(`i/o timeout: ${url.host} did not answer within ${timeoutMillis / 1000} s`)));
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxBytes) sent.destroy(new Error('the answer is too long for one of S3'));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
    });
    sent.end();
  });
}
