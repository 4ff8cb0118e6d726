import { readdirSync, readFileSync } from 'node:fs';

const everyMillis = 500;

/** The most memory that a process of a name has used on this host, from now on: the test cluster runs on it. */
export class PeakMemory {
  readonly #timer: ReturnType<typeof setInterval>;
  #kibibytes = 0;

  constructor(command: string) {
    this.#timer = setInterval(() => {
      for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) this.#kibibytes = Math.max(this.#kibibytes, peakOf(pid, command));
    }, everyMillis);
  }

  /** MiB. Throws when there was no such process. */
  stop(): number {
    clearInterval(this.#timer);
    if (this.#kibibytes === 0) throw new Error('no process was seen');
    return Math.round(this.#kibibytes / 1024);
  }
}

/** KiB; 0 for another process, or one that has ended. */
function peakOf(pid: string, command: string): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return status.startsWith(`Name:\t${command}\n`) ? Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) : 0;
  } catch {
    return 0;
  }
}
