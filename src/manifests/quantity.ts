const factors: Readonly<Record<string, readonly [base: bigint, exponent: number]>> = {
  '': [1n, 1],
  Ki: [1024n, 1],
  Mi: [1024n, 2],
  Gi: [1024n, 3],
  Ti: [1024n, 4],
  Pi: [1024n, 5],
  Ei: [1024n, 6],
  k: [1000n, 1],
  M: [1000n, 2],
  G: [1000n, 3],
  T: [1000n, 4],
  P: [1000n, 5],
  E: [1000n, 6],
};

/**
 * Bytes of a Kubernetes quantity as storage sizes use them, rounded up (`1.5Gi`, `1e9`, `500M`). Throws RangeError on
 * anything else. Source: apimachinery, resource/quantity.go.
 */
export function bytesOf(quantity: string): bigint {
  const match = /^\+?(\d+)(?:\.(\d*))?(?:[eE](\d{1,2})|([KMGTPE]i|[kMGTPE]))?$/.exec(quantity);
  if (match === null) throw new RangeError(`not a size: ${quantity}`);
  const [, whole = '0', fraction = '', exponent, unit = ''] = match;
  const [base, power] = factors[unit] ?? [1n, 1];
  const factor = exponent === undefined ? base ** BigInt(power) : 10n ** BigInt(exponent);
  const scale = 10n ** BigInt(fraction.length);
  return (BigInt(whole + fraction) * factor + scale - 1n) / scale;
}

/** The larger of two sizes, as it was written. */
export function larger(a: string, b: string): string {
  return bytesOf(b) > bytesOf(a) ? b : a;
}
