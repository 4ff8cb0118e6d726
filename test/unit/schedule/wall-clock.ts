/** The slow and simple model of src/schedule: every minute is looked at, and the wall clock is asked of Intl in another way. */

const minute = 60_000;

/** One minute as the wall clock shows it. */
export interface WallMinute {
  readonly instant: number;
  /** Minutes since the epoch, as if the wall clock were UTC. */
  readonly wall: number;
}

/** Every minute of an interval in a zone. */
export function wallMinutes(timeZone: string, from: string, until: string): WallMinute[] {
  const format = new Intl.DateTimeFormat('en', { timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' });
  const [first, last] = [Date.parse(from), Date.parse(until)];
  return Array.from({ length: (last - first) / minute }, (_, i) => {
    const instant = first + i * minute;
    const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    return { instant, wall: Date.UTC(parts['year'] ?? 0, (parts['month'] ?? 0) - 1, parts['day'], parts['hour'], parts['minute']) / minute };
  });
}

/** Ticks of five numeric fields within the minutes, one after the other. */
export function modelTicks(cron: string, minutes: readonly WallMinute[]): number[] {
  const matches = matcher(cron);
  const everyHour = cron.split(' ')[1] === '*';
  const ticks = new Set<number>();
  const seen = new Set<number>();
  for (const [i, { instant, wall }] of minutes.entries()) {
    const before = minutes[i - 1]?.wall ?? wall - 1;
    if (everyHour) {
      if (matches(wall)) ticks.add(instant);
      continue;
    }
    // Forward: what the wall clock leaves out is made up for now.
    for (let left = before + 1; left < wall; left += 1) if (!seen.has(left) && matches(left)) ticks.add(instant);
    if (!seen.has(wall) && matches(wall)) ticks.add(instant);
    seen.add(wall);
  }
  return [...ticks].sort((a, b) => a - b);
}

function matcher(cron: string): (wall: number) => boolean {
  const [minutes = '', hours = '', days = '', months = '', weekdays = ''] = cron.split(' ');
  const [inMinutes, inHours, inDays, inMonths, inWeekdays] = [valuesOf(minutes, 0, 59), valuesOf(hours, 0, 23), valuesOf(days, 1, 31), valuesOf(months, 1, 12), valuesOf(weekdays, 0, 7)];
  return (wall) => {
    const date = new Date(wall * minute);
    if (!inMinutes.has(date.getUTCMinutes()) || !inHours.has(date.getUTCHours()) || !inMonths.has(date.getUTCMonth() + 1)) return false;
    const onDay = inDays.has(date.getUTCDate());
    const onWeekday = inWeekdays.has(date.getUTCDay()) || (date.getUTCDay() === 0 && inWeekdays.has(7));
    // As cron has always done it: when both are given, either is enough.
    return days !== '*' && weekdays !== '*' ? onDay || onWeekday : onDay && onWeekday;
  };
}

function valuesOf(field: string, least: number, most: number): ReadonlySet<number> {
  const values = field.split(',').flatMap((part) => {
    const [range = '', step = '1'] = part.split('/');
    const [from = '', to] = range === '*' ? [String(least), String(most)] : range.split('-');
    return Array.from({ length: most + 1 }, (_, value) => value).filter((value) => value >= Number(from) && value <= Number(to ?? from) && (value - Number(from)) % Number(step) === 0);
  });
  return new Set(values);
}
