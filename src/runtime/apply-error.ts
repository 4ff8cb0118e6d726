import { ApiError } from './api-error.js';

/**
 * Two answers of server-side apply say something else than their code (kube-apiserver 1.36, measured): another uid than the object's is 422
 * on metadata.uid, where a replace answers 409; a field that the schema lacks is 500, although nothing was tried.
 */
export function applyError(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  const { message, details } = error;
  if (error.code === 422 && details.causes?.some((cause) => cause.field === 'metadata.uid') === true) {
    return new ApiError({ code: 409, reason: 'Conflict', message, details, cause: error });
  }
  if (error.code === 500 && message.startsWith('failed to create typed patch object')) {
    return new ApiError({ code: 400, reason: 'BadRequest', message, details, cause: error });
  }
  return error;
}
