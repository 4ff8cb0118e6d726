/** What a metav1.Status says beyond its code; passed through as the server sent it. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly retryAfterSeconds?: number;
  readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
}

/** Reasons that no server sends; code is 0 then. */
export type LocalReason =
  /** The request may have been executed; its answer was lost. */
  | 'Unknown'
  /** No connection came about: the request was never sent. */
  | 'Unreachable'
  /** The answer was longer than the caller allowed. */
  | 'TooLong';

/** A request to the API server that did not succeed. */
export class ApiError extends Error {
  /** HTTP status; 0 when there was no (complete) answer. */
  readonly code: number;
  /** `reason` of metav1.Status, or a {@link LocalReason}. */
  readonly reason: string;
  readonly details: StatusDetails;
  /** What the server asked us to wait, if it did. */
  readonly retryAfterSeconds: number | undefined;

  constructor(options: {
    code: number;
    reason: string;
    message: string;
    details?: StatusDetails | undefined;
    retryAfterSeconds?: number | undefined;
    cause?: unknown;
  }) {
    super(options.message, { cause: options.cause });
    this.name = 'ApiError';
    this.code = options.code;
    this.reason = options.reason;
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds ?? this.details.retryAfterSeconds;
  }
}

interface StatusBody {
  readonly kind?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: StatusDetails;
}

/** Reads the body of a failed answer (metav1.Status as a rule, plain text from proxies and handlers outside the API). */
export function errorFromAnswer(code: number, body: string, retryAfter?: string): ApiError {
  const status = parseStatus(body);
  const seconds = retryAfter === undefined ? Number.NaN : Number(retryAfter);
  return new ApiError({
    code,
    reason: status?.reason ?? reasonOfCode(code),
    message: status?.message ?? `HTTP ${code}: ${body.slice(0, 500).trim()}`,
    details: status?.details,
    retryAfterSeconds: Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined,
  });
}

/** A Status inside a stream: an ERROR event of a watch. */
export function errorFromStatus(status: StatusBody): ApiError {
  const code = status.code ?? 500;
  return new ApiError({ code, reason: status.reason ?? reasonOfCode(code), message: status.message ?? `status ${code}`, details: status.details });
}

function parseStatus(body: string): StatusBody | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return isStatus(parsed) ? parsed : undefined;
  } catch {
    return undefined; // not JSON: the text itself becomes the message
  }
}

function isStatus(value: unknown): value is StatusBody {
  return typeof value === 'object' && value !== null && (value as StatusBody).kind === 'Status';
}

/** StatusReason by HTTP code, as apimachinery `NewGenericServerResponse` chooses it. */
function reasonOfCode(code: number): string {
  switch (code) {
    case 400:
      return 'BadRequest';
    case 401:
      return 'Unauthorized';
    case 403:
      return 'Forbidden';
    case 404:
      return 'NotFound';
    case 405:
      return 'MethodNotAllowed';
    case 409:
      return 'Conflict';
    case 410:
      return 'Gone';
    case 413:
      return 'RequestEntityTooLarge';
    case 415:
      return 'UnsupportedMediaType';
    case 422:
      return 'Invalid';
    case 429:
      return 'TooManyRequests';
    case 500:
      return 'InternalError';
    case 503:
      return 'ServiceUnavailable';
    case 504:
      return 'Timeout';
    default:
      return `HTTP${code}`;
  }
}

function has(error: unknown, test: (error: ApiError) => boolean): boolean {
  return error instanceof ApiError && test(error);
}

export const isNotFound = (error: unknown): boolean => has(error, (e) => e.code === 404);
/** A precondition or an apply conflict; not AlreadyExists, which has the same code. */
export const isConflict = (error: unknown): boolean => has(error, (e) => e.code === 409 && e.reason !== 'AlreadyExists');
export const isAlreadyExists = (error: unknown): boolean => has(error, (e) => e.code === 409 && e.reason === 'AlreadyExists');
export const isForbidden = (error: unknown): boolean => has(error, (e) => e.code === 403);
export const isInvalid = (error: unknown): boolean => has(error, (e) => e.code === 422);
export const isTooManyRequests = (error: unknown): boolean => has(error, (e) => e.code === 429);
/** 410: the resourceVersion (or page token) is too old. */
export const isGone = (error: unknown): boolean => has(error, (e) => e.code === 410 || e.reason === 'Expired' || e.reason === 'Gone');
/** The request was never sent: repeating it is safe. */
export const isUnreachable = (error: unknown): boolean => has(error, (e) => e.code === 0 && e.reason === 'Unreachable');
/** A write that fails like this may have happened: ask the cluster before anything builds on either answer. */
export const isUnknownOutcome = (error: unknown): boolean => has(error, (e) => (e.code === 0 && e.reason !== 'Unreachable') || e.code >= 500);
