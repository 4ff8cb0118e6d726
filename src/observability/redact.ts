const secretKey = /(pass(word|wd|phrase)?|secret|token|credential|authorization|private_?key|api_?key|access_?key|kubeconfig)$/i;
/** Names that end like a secret and are none. */
const harmless = /^(secretName|secretRef|tokenPath|continueToken)$/i;

const maxDepth = 6;
const maxItems = 100;
const maxText = 8192;

/**
 * A copy of a log field without secrets and without end: values under keys that look like a secret's are replaced,
 * as are `data` and `stringData` of a Secret; errors become name, message, code and cause; long texts are cut.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.length > maxText ? `${value.slice(0, maxText)}…` : value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= maxDepth) return '…';
  if (value instanceof Error) return describeError(value, depth);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => redact(item, depth + 1));
  return redactObject(value as Record<string, unknown>, depth);
}

function redactObject(object: Record<string, unknown>, depth: number): Record<string, unknown> {
  const isSecret = object['kind'] === 'Secret';
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(object).slice(0, maxItems)) {
    const hidden = isSecret ? key === 'data' || key === 'stringData' : secretKey.test(key) && !harmless.test(key);
    copy[key] = hidden ? '[redacted]' : redact(item, depth + 1);
  }
  return copy;
}

function describeError(error: Error, depth: number): Record<string, unknown> {
  const { code, reason } = error as Error & { code?: unknown; reason?: unknown };
  return {
    name: error.name,
    message: redact(error.message, depth + 1),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(error.stack === undefined ? {} : { stack: redact(error.stack, depth + 1) }),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}
