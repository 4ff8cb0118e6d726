import type { WindowStatus } from '../api/appsnapshot.js';
import type { AppSnapshot } from '../api/kinds.js';

const width = 60;

interface Bar {
  readonly label: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** The window of a copy as a picture for the terminal: one bar a step, one scale for all. */
export function timeline(object: AppSnapshot): string {
  const window = object.status?.window;
  const end = window?.marks?.allReleased;
  if (window?.marks === undefined || end === undefined || end <= 0) {
    return `${object.metadata.namespace}/${object.metadata.name} has no finished window (phase ${object.status?.phase ?? 'Pending'}).`;
  }
  const head = [
    `${object.metadata.namespace}/${object.metadata.name}   grade ${object.status?.grade ?? 'none'}   attempt ${String(window.attempt)}   ${window.unbroken === true ? 'unbroken' : 'BROKEN'}`,
    window.heldMillis === undefined ? `nothing held   cut ${text(window.cutMillis)}   from ${window.openedAt ?? '?'}` : `held ${text(window.heldMillis)}   cut ${text(window.cutMillis)}   overhead ${text(window.overheadMillis)} (freeze ${text(window.freezeMillis)}, sync ${text(window.syncMillis)})${window.settleMillis === undefined ? '' : `   settle ${text(window.settleMillis)}`}   from ${window.heldFrom ?? '?'}`,
    '',
  ];
  return [...head, ...bars(window).map((bar) => draw(bar, end)), `${' '.repeat(12)}0${text(end).padStart(width - 1)}`].join('\n');
}

function bars({ marks = {}, heldMillis }: WindowStatus): Bar[] {
  const cut = { label: 'cut', from: marks.cutSent, to: marks.allCut };
  if (heldMillis === undefined) return [cut];
  const gate = marks.allGated === undefined ? [] : [{ label: 'gate', from: 0, to: marks.allGated }, { label: 'settle', from: marks.allGated, to: marks.freezeSent }];
  return [
    ...gate,
    { label: 'freeze', from: marks.freezeSent ?? 0, to: marks.allFrozen },
    { label: 'held', from: marks.allFrozen, to: marks.releaseSent },
    cut,
    { label: 'release', from: marks.releaseSent, to: marks.allReleased },
  ];
}

function draw(bar: Bar, end: number): string {
  if (bar.from === undefined || bar.to === undefined) return `${bar.label.padEnd(12)}${'?'.padEnd(width)} did not happen`;
  const from = Math.min(width - 1, Math.floor((bar.from / end) * width));
  const to = Math.max(from + 1, Math.min(width, Math.ceil((bar.to / end) * width)));
  return `${bar.label.padEnd(12)}${' '.repeat(from)}${'█'.repeat(to - from)}${' '.repeat(width - to)} ${text(bar.to - bar.from)}`;
}

function text(millis: number | undefined): string {
  return millis === undefined ? '?' : `${millis.toFixed(1)} ms`;
}
