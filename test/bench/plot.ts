import type { Row } from './rows.js';

const width = 900;
const height = 440;
const left = 60;
const bottom = 110;
const top = 50;

/** What the overhead of a row must not pass, ms (issue B): up to 16 volumes, and above. */
export function targetsOf({ volumes }: Pick<Row, 'volumes'>): { readonly p50: number; readonly p99: number } {
  return volumes <= 16 ? { p50: 25, p99: 80 } : { p50: 50, p99: 150 };
}

/** The rows as a picture: overhead at p50 and p99 beside its targets, and the sync apart. */
export function plot(rows: readonly Row[]): string {
  const most = Math.max(...rows.flatMap((row) => [row.overheadMsP99, row.syncMsP50, targetsOf(row).p99]), 1);
  const y = (ms: number): number => height - bottom - (Math.max(0, ms) / most) * (height - bottom - top);
  const step = (width - left - 20) / rows.length;
  const groups = rows.map((row, i) => {
    const x = left + i * step;
    const bar = (at: number, ms: number, color: string, what: string): string =>
      `<rect x="${r(x + at * step)}" y="${r(y(ms))}" width="${r(step * 0.2)}" height="${r(y(0) - y(ms))}" fill="${color}"><title>${what} ${ms} ms</title></rect>`;
    const target = (at: number, ms: number): string =>
      `<line x1="${r(x + at * step - 2)}" x2="${r(x + (at + 0.2) * step + 2)}" y1="${r(y(ms))}" y2="${r(y(ms))}" stroke="#c00" stroke-width="2"><title>target ${ms} ms</title></line>`;
    const name = `${row.pods} × ${row.volumes / row.pods} ${row.writers}`;
    return [
      bar(0.15, row.overheadMsP50, '#2b6cb0', 'overhead p50'),
      bar(0.38, row.overheadMsP99, '#90cdf4', 'overhead p99'),
      bar(0.61, row.syncMsP50, '#a0aec0', 'sync p50'),
      target(0.15, targetsOf(row).p50),
      target(0.38, targetsOf(row).p99),
      `<text transform="translate(${r(x + step / 2)},${height - bottom + 14}) rotate(40)" font-size="12">${name}</text>`,
    ].join('');
  });
  const ticks = Array.from({ length: 6 }, (_, i) => Math.round((most * i) / 5)).map(
    (ms) => `<line x1="${left}" x2="${width - 20}" y1="${r(y(ms))}" y2="${r(y(ms))}" stroke="#ddd"/><text x="${left - 8}" y="${r(y(ms) + 4)}" text-anchor="end" font-size="12">${ms}</text>`,
  );
  const legend = [['#2b6cb0', 'overhead p50'], ['#90cdf4', 'overhead p99'], ['#a0aec0', 'sync p50'], ['#c00', 'target']].map(
    ([color, text], i) => `<rect x="${left + 300 + i * 130}" y="14" width="12" height="12" fill="${color}"/><text x="${left + 317 + i * 130}" y="25" font-size="12">${text}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="${left}" y="25" font-size="14">Overhead of a window, ms (pods × volumes)</text>`,
    ...legend,
    ...ticks,
    ...groups,
    '</svg>\n',
  ].join('\n');
}

function r(value: number): string {
  return value.toFixed(1);
}
