import type { AppRestore, BackupTarget } from '../../../src/api/kinds.js';
import { kubectl, tryKubectl, type KubectlResult } from './kubectl.js';
import { tenant } from './tenant.js';
import { until } from './until.js';
import { watchUntil } from './watch.js';

/** A cluster that is restored into: by default the one of the suite. */
export class Site {
  readonly #kubeconfig: string | undefined;

  constructor(kubeconfig?: string) {
    this.#kubeconfig = kubeconfig;
  }

  kubectl(args: readonly string[], input?: string): Promise<string> {
    return kubectl([...this.#prefix(), ...args], input);
  }

  try(args: readonly string[]): Promise<KubectlResult> {
    return tryKubectl([...this.#prefix(), ...args]);
  }

  async apply(objects: readonly unknown[], namespace?: string): Promise<void> {
    await this.kubectl([...(namespace === undefined ? [] : ['-n', namespace]), 'apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  }

  /** A namespace with an account, as the docs tell users to make it, and nothing else. */
  async makeTenant(namespace: string): Promise<void> {
    await this.apply(tenant(namespace));
  }

  untilTarget(namespace: string, name: string, reason: string, seconds = 90): Promise<BackupTarget> {
    const has = (object: BackupTarget): boolean => object.status?.conditions?.find((c) => c.type === 'Ready')?.reason === reason;
    return watchUntil<BackupTarget>('backuptargets', name, namespace, `has reason ${reason}`, has, seconds, this.#kubeconfig);
  }

  untilRestore(namespace: string, name: string, what: string, holds: (object: AppRestore) => boolean, seconds: number): Promise<AppRestore> {
    return watchUntil<AppRestore>('apprestores', name, namespace, what, holds, seconds, this.#kubeconfig);
  }

  /** The restore as soon as it has a reason. */
  untilReason(namespace: string, name: string, reason: string, seconds = 120): Promise<AppRestore> {
    return this.untilRestore(namespace, name, `has reason ${reason}`, (object) => readyOf(object)?.reason === reason, seconds);
  }

  /** The restore when it has ended well. Throws with what kubectl describes when it has not. */
  async untilRestored(namespace: string, name: string, seconds: number): Promise<AppRestore> {
    const restore = await this.untilRestore(namespace, name, 'has ended', ({ status }) => status?.phase === 'Ready' || status?.phase === 'Failed', seconds);
    if (restore.status?.phase !== 'Ready') throw new Error((await this.try(['-n', namespace, 'describe', 'apprestore', name])).stdout);
    return restore;
  }

  /** Jobs, pods and Secrets of the movers of restores in the namespace, by name. */
  async moverObjects(namespace: string): Promise<string[]> {
    const all = await this.kubectl(['-n', namespace, 'get', 'jobs,pods,secrets', '-l', 'stillpoint.dev/internal=mover,stillpoint.dev/apprestore', '-o', 'name']);
    return all.split('\n').filter((line) => line !== '');
  }

  async untilNoMovers(namespace: string): Promise<void> {
    await until(`no mover is left in ${namespace}`, async () => (await this.moverObjects(namespace)).length === 0, 60, 500);
  }

  async deleteRestore(namespace: string, name: string): Promise<void> {
    await this.kubectl(['-n', namespace, 'delete', 'apprestore', name, '--wait=true', '--timeout=120s']);
  }

  #prefix(): string[] {
    return this.#kubeconfig === undefined ? [] : ['--kubeconfig', this.#kubeconfig];
  }
}

export const readyOf = ({ status }: AppRestore | BackupTarget) => status?.conditions?.find((c) => c.type === 'Ready');
