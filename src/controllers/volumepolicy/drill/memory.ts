import type { Clock } from '../../../runtime/clock.js';
import { Control } from './control.js';
import { DrillLine } from './line.js';

/** What is known of drills for as long as one leads. */
export interface DrillMemory {
  readonly line: DrillLine;
  readonly control: Control;
}

export function drillMemory(atOnce: number, clock: Pick<Clock, 'monotonic'>): DrillMemory {
  return { line: new DrillLine(atOnce), control: new Control(clock) };
}
