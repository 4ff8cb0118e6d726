/** A position in the write-ahead log as the server prints it: two hexadecimal halves, `0/1A40A48`. */
export type Lsn = string;

const pattern = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/;

/** The position as a byte offset. Throws RangeError on anything that is no position. */
export function lsnOffset(lsn: Lsn): bigint {
  const match = pattern.exec(lsn);
  if (match === null) throw new RangeError(`not a WAL position: ${lsn.slice(0, 40)}`);
  return (BigInt(`0x${match[1] ?? ''}`) << 32n) + BigInt(`0x${match[2] ?? ''}`);
}

/** Negative when `a` is before `b`, 0 when equal, positive when after. */
export function compareLsn(a: Lsn, b: Lsn): number {
  const difference = lsnOffset(a) - lsnOffset(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
