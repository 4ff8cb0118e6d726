import { Cron } from 'croner';

/**
 * A cron expression on the calendar alone, without a time zone. A wall time is what a clock on the wall shows, written as the ms since the epoch
 * that it would be in UTC.
 */
export interface WallPattern {
  /** The first wall time after this one that the expression names; undefined when none comes any more. */
  after(wall: number): number | undefined;
  /** The hour field is `*`: hours are counted as they pass, not as the wall clock names them. */
  readonly everyHour: boolean;
}

/** Parses the five fields. Throws RangeError with what is wrong. */
export function parseCron(expression: string): WallPattern {
  // Only the calendar is asked of croner: what happens where a wall clock is changed is a promise of ours, and differs between its versions.
  const cron = parsed(expression);
  return {
    after: (wall) => cron.nextRun(new Date(wall))?.getTime(),
    everyHour: expression.split(' ')[1] === '*',
  };
}

function parsed(expression: string): Cron {
  try {
    return new Cron(expression, { utcOffset: 0, paused: true });
  } catch (error) {
    throw new RangeError((error instanceof Error ? error.message : String(error)).replace(/^CronPattern: /, ''), { cause: error });
  }
}
