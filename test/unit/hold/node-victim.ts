import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

/** Builds the holder of vantage Node and returns its path. Needs go. */
export function buildNodeHolder(directory: string): string {
  const binary = `${directory}/holder`;
  execFileSync('go', ['build', '-trimpath', '-o', binary, '.'], { cwd: 'src/hooks/hold/node-holder', env: { ...process.env, CGO_ENABLED: '0' }, stdio: 'pipe' });
  return binary;
}

const freezer = '/sys/fs/cgroup/freezer';

/** A writer in a cgroup such as the kubelet makes, with a volume of its own. Needs root and the v1 freezer. */
export class NodeVictim {
  readonly podUid = randomUUID();
  readonly containerId = randomBytes(32).toString('hex');
  readonly mountPath: string;
  readonly #pod: string;
  readonly #above: string[];
  readonly #child: ChildProcess;

  /** `network`: it has a network namespace of its own, as a pod has. */
  static async start(options: { readonly network?: boolean } = {}): Promise<NodeVictim> {
    const victim = new NodeVictim(options.network === true ? ['unshare', '--net'] : []);
    while (victim.#writes() === '') await pause(5);
    return victim;
  }

  private constructor(before: readonly string[]) {
    const root = `${freezer}/stillpoint-unit-${this.containerId.slice(0, 12)}`;
    this.#pod = `${root}/kubepods/pod${this.podUid}`;
    this.#above = [this.#pod, `${root}/kubepods`, root];
    mkdirSync(this.#cgroup, { recursive: true });
    this.mountPath = mkdtempSync('/dev/shm/stillpoint-unit-volume-');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'stillpoint-unit', this.mountPath]);
    const script = 'echo $$ >"$1/cgroup.procs"; i=0; while :; do i=$((i + 1)); echo $i >"$2/count"; sleep 0.01; done';
    const words = [...before, 'sh', '-c', script, 'victim', this.#cgroup, this.mountPath];
    this.#child = spawn(words[0]!, words.slice(1), { stdio: 'ignore' });
  }

  get #cgroup(): string {
    return `${this.#pod}/${this.containerId}`;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** `FROZEN` or `THAWED`, as the kernel says. */
  frozen(): boolean {
    return readFileSync(`${this.#cgroup}/freezer.state`, 'utf8').trim() !== 'THAWED';
  }

  /** The rules in its network namespace, as `nft list ruleset` prints them; empty without any. */
  rules(): string {
    return this.#nft('list', 'ruleset');
  }

  /** Removes all rules in its network namespace. */
  dropRules(): void {
    this.#nft('flush', 'ruleset');
  }

  #nft(...words: string[]): string {
    return execFileSync('nsenter', [`--net=/proc/${this.pid}/ns/net`, 'nft', ...words], { encoding: 'utf8' });
  }

  /** Waits until the victim has written again. Throws after 2 s. */
  async writesAgain(): Promise<void> {
    const before = this.#writes();
    const until = performance.now() + 2000;
    while (this.#writes() === before || this.#writes() === '') {
      if (performance.now() > until) throw new Error('the victim writes no more');
      await pause(5);
    }
  }

  /** Ends the container as the runtime does: processes killed, cgroup removed. Its volume stays mounted. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    writeFileSync(`${this.#cgroup}/freezer.state`, 'THAWED');
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await ended;
    while (readFileSync(`${this.#cgroup}/cgroup.procs`, 'utf8') !== '') await pause(5);
    rmdirSync(this.#cgroup);
  }

  async stop(): Promise<void> {
    await this.kill();
    execFileSync('umount', [this.mountPath]);
    rmSync(this.mountPath, { recursive: true });
    for (const directory of this.#above) rmdirSync(directory);
  }

  #writes(): string {
    try {
      return readFileSync(`${this.mountPath}/count`, 'utf8').trim();
    } catch {
      return ''; // not written yet
    }
  }
}
