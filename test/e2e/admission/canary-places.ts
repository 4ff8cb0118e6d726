import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openHolds } from '../lib/host.js';
import { until } from '../lib/until.js';

/** A word in the forms in which it could be written down: as it is, in base64 wherever it may begin, in hex. */
export function formsOf(word: string): string[] {
  const base64 = [0, 1, 2].map((shift) => Buffer.from(`${' '.repeat(shift)}${word}`).toString('base64').slice(shift === 0 ? 0 : 4, -4));
  return [word, ...base64, Buffer.from(word).toString('hex')];
}

/** Looks at the arguments of every process of the machine again and again; containers are processes of it, too. */
export interface ArgumentWatch {
  readonly looks: number;
  /** Command lines that had one of the words. */
  seen(): string[];
  untilSeen(word: string, seconds: number): Promise<void>;
  stop(): void;
}

export function watchArguments(words: readonly string[]): ArgumentWatch {
  const found = new Set<string>();
  let looks = 0;
  const look = (): void => {
    looks += 1;
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const line = commandLine(pid);
      if (words.some((word) => line.includes(word))) found.add(line);
    }
  };
  const timer = setInterval(look, 15);
  return {
    get looks() {
      return looks;
    },
    seen: () => [...found],
    untilSeen: async (word, seconds) => {
      await until(`a process with ${word}`, () => [...found].some((line) => line.includes(word)), seconds);
    },
    stop: () => clearInterval(timer),
  };
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // it has ended in between
  }
}

/** Everything that holders keep on this host. */
export function holderRecords(directory = '/run/stillpoint'): string {
  if (!existsSync(directory)) return '';
  return readdirSync(directory).map((name) => join(directory, name)).map((path) => (statSync(path).isDirectory() ? holderRecords(path) : statSync(path).isFile() ? readFileSync(path, 'latin1') : '')).join('\n');
}

/** Holds that are not over and whose record names the container. Other clusters of this machine keep theirs in the same place. */
export function openHoldsOn(containerId: string): string[] {
  return openHolds().filter((id) => holderRecords(join('/run/stillpoint', id)).includes(containerId));
}
