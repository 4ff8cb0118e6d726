import { describe, expect, test } from '@jest/globals';
import {
  ApiError,
  errorFromAnswer,
  errorFromStatus,
  isAlreadyExists,
  isConflict,
  isGone,
  isNotFound,
  isTooManyRequests,
  isUnknownOutcome,
  isUnreachable,
} from '../../../src/runtime/api-error.js';
import { applyError } from '../../../src/runtime/apply-error.js';
import { AppError } from '../../../src/runtime/app-error.js';
import { isBug, outcomeOf } from '../../../src/runtime/outcome.js';
import { retryDelay } from '../../../src/runtime/transport.js';

const status = (code: number, reason: string, details = {}): string => JSON.stringify({ kind: 'Status', code, reason, message: 'm', details });
const local = (reason: string, cause?: unknown): ApiError => new ApiError({ code: 0, reason, message: '', cause });

test('a Status is taken as it is; text from elsewhere becomes the message', () => {
  const error = errorFromAnswer(409, status(409, 'AlreadyExists', { name: 'x', retryAfterSeconds: 2 }));
  expect(error).toMatchObject({ code: 409, reason: 'AlreadyExists', message: 'm', details: { name: 'x' }, retryAfterSeconds: 2 });
  expect(errorFromAnswer(503, 'upstream down\n', '7')).toMatchObject({ code: 503, reason: 'ServiceUnavailable', message: 'HTTP 503: upstream down', retryAfterSeconds: 7 });
  expect(errorFromAnswer(404, '{"kind":"Other"}')).toMatchObject({ reason: 'NotFound' });
  expect(errorFromAnswer(429, '', 'Wed, 21 Oct 2026 07:28:00 GMT').retryAfterSeconds).toBeUndefined();
  expect(errorFromAnswer(418, '')).toMatchObject({ reason: 'HTTP418' });
});

test.each([
  ['NotFound', isNotFound, errorFromAnswer(404, '')],
  ['Conflict', isConflict, errorFromAnswer(409, status(409, 'Conflict'))],
  ['AlreadyExists', isAlreadyExists, errorFromAnswer(409, status(409, 'AlreadyExists'))],
  ['Gone by code', isGone, errorFromAnswer(410, '')],
  ['Gone in a stream', isGone, errorFromStatus({ code: 410, reason: 'Expired', message: 'too old' })],
  ['TooManyRequests', isTooManyRequests, errorFromAnswer(429, '')],
  ['Unknown', isUnknownOutcome, local('Unknown')],
  ['Unreachable', isUnreachable, local('Unreachable')],
])('%s is itself and nothing else', (_name, predicate, error) => {
  const all = [isNotFound, isConflict, isAlreadyExists, isGone, isTooManyRequests, isUnknownOutcome, isUnreachable];
  expect(all.filter((p) => p(error))).toEqual([predicate]);
  expect(all.filter((p) => p(new Error('other')))).toEqual([]);
});

test('a server that fails while it works leaves the outcome unknown', () => {
  for (const code of [500, 503, 504]) expect(isUnknownOutcome(errorFromAnswer(code, ''))).toBe(true);
});

describe('retryDelay', () => {
  test.each([
    ['429 with Retry-After', errorFromAnswer(429, '', '3'), 'POST', 0, 3000],
    ['503 with Retry-After', errorFromAnswer(503, '', '1'), 'PATCH', 5, 1000],
    ['429 without', errorFromAnswer(429, ''), 'GET', 0, undefined],
    ['500 without', errorFromAnswer(500, ''), 'GET', 0, undefined],
    ['404 with', errorFromAnswer(404, '', '1'), 'GET', 0, undefined],
    ['GET on reset', local('Unknown', Object.assign(new Error(), { code: 'ECONNRESET' })), 'GET', 0, 0],
    ['GET on second reset', local('Unknown', Object.assign(new Error(), { code: 'EPIPE' })), 'GET', 1, 1000],
    ['POST on reset', local('Unknown', Object.assign(new Error(), { code: 'ECONNRESET' })), 'POST', 0, undefined],
    ['a dry run on reset', local('Unknown', Object.assign(new Error(), { code: 'ECONNRESET' })), 'QUESTION', 0, 0],
    ['a dry run refused', local('Unreachable', Object.assign(new Error(), { code: 'ECONNREFUSED' })), 'QUESTION', 0, undefined],
    ['GET refused', local('Unreachable', Object.assign(new Error(), { code: 'ECONNREFUSED' })), 'GET', 0, undefined],
    ['what is no ApiError', new Error(), 'GET', 0, undefined],
  ])('%s', (_name, error, method, retries, expected) => {
    const request = method === 'QUESTION' ? ({ method: 'POST', question: true } as const) : { method: method as 'GET' };
    expect(retryDelay(error, request, retries)).toBe(expected);
  });
});

test('apply: a uid that does not match is a conflict, an unknown field a bad request', () => {
  const uid = errorFromAnswer(422, status(422, 'Invalid', { causes: [{ field: 'metadata.uid', reason: 'FieldValueInvalid' }] }));
  expect(isConflict(applyError(uid))).toBe(true);
  const field = new ApiError({ code: 500, reason: 'InternalError', message: 'failed to create typed patch object (x): .spec.y: field not declared in schema' });
  expect(applyError(field)).toMatchObject({ code: 400, reason: 'BadRequest' });
  const other = errorFromAnswer(422, status(422, 'Invalid', { causes: [{ field: 'spec.x' }] }));
  expect(applyError(other)).toBe(other);
});

test('what a reconcile throws becomes the outcome that the error asks for', () => {
  const app = (retry: AppError['retry']): AppError => new AppError('Code', 'public', { retry, afterSeconds: 7 });
  expect(outcomeOf(app('backoff'))).toMatchObject({ kind: 'retry' });
  expect(outcomeOf(app('after'))).toEqual({ kind: 'later', seconds: 7 });
  expect(outcomeOf(app('never'))).toMatchObject({ kind: 'stalled' });
  expect(outcomeOf(local('Unknown'))).toMatchObject({ kind: 'retry' });
  expect(outcomeOf('text')).toMatchObject({ kind: 'retry', error: { message: 'text' } });
  expect([isBug(new TypeError()), isBug('text'), isBug(app('never')), isBug(local('Unknown'))]).toEqual([true, true, false, false]);
});
