const minute = 60_000;
const week = 7 * 24 * 60 * minute;

/** A time zone of the IANA database. Instants are ms since the epoch. */
export interface Zone {
  /** What the wall clock is ahead of UTC at an instant, ms. */
  offset(instant: number): number;
  /** The first instant in (from, to], to the minute, at which the wall clock is set forward or back. */
  nextChange(from: number, to: number): number | undefined;
}

/** Half a millisecond and much memory each: made once for a zone, of which there are some hundreds. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** Throws RangeError for a name that the database does not have. */
export function zoneOf(name: string): Zone {
  const format = formats.get(name) ?? new Intl.DateTimeFormat('en', { timeZone: name, timeZoneName: 'longOffset' });
  formats.set(name, format);
  const offset = (instant: number): number => offsetIn(format.format(instant));
  return {
    offset,
    nextChange(from, to) {
      // No zone has two changes within a week that undo each other.
      for (let low = from; low < to; low += week) {
        const high = Math.min(low + week, to);
        if (offset(low) !== offset(high)) return bisect(offset, low, high);
      }
      return undefined;
    },
  };
}

/** The offset differs between low and high: the first whole minute at which it is no more that of low. */
function bisect(offset: (instant: number) => number, low: number, high: number): number {
  const before = offset(low);
  let [same, other] = [Math.floor(low / minute), Math.ceil(high / minute)];
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (offset(middle * minute) === before) same = middle;
    else other = middle;
  }
  return other * minute;
}

/** `11/29/2026, GMT+05:30`, and `GMT` or `GMT+00:00` for none. */
function offsetIn(text: string): number {
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text) ?? [];
  const millis = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -millis : millis;
}
