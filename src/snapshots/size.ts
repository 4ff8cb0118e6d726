const units = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;

/** Bytes as a Kubernetes quantity, exact: the largest binary unit that leaves a whole number. */
function toQuantity(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value !== 0 && value % 1024 === 0 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value}${units[unit] ?? ''}`;
}

/** Sum of the restore sizes of a set as a quantity; undefined while one is not known. */
export function totalSize(members: readonly { readonly restoreBytes: number | undefined }[]): string | undefined {
  let sum = 0;
  for (const { restoreBytes } of members) {
    if (restoreBytes === undefined) return undefined;
    sum += restoreBytes;
  }
  return toQuantity(sum);
}
