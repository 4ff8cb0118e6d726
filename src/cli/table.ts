/** Columns aligned as kubectl does: three spaces between, headers in capitals. */
export function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headers, ...rows];
  const widths = headers.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ').trimEnd()).join('\n');
}

/** What an absent value is printed as. */
export function orNone(value: string | number | undefined, unit = ''): string {
  return value === undefined ? '-' : `${String(value)}${unit}`;
}
