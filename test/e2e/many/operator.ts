import { leaderOf, operatorNamespace, type Lease } from '../install/operator.js';
import { operatorUser } from '../admission/identities.js';
import { isCounted, resourceOf } from '../audit/judge.js';
import { auditEvents } from '../audit/log.js';
import { processOne, residentOf, usage } from '../lib/host.js';
import { get, kubectl } from '../lib/kubectl.js';

/** What would show that the operator fell or that another replica had to take over. */
export interface OperatorLife {
  /** Uid of every pod, and how often its container was started again. */
  readonly pods: readonly string[];
  /** Who leads, and how often that has changed. */
  readonly lease: string;
}

interface PodList {
  readonly items: readonly { readonly metadata: { readonly uid: string }; readonly status: { readonly containerStatuses?: readonly { readonly restartCount: number }[] } }[];
}

export async function operatorLife(): Promise<OperatorLife> {
  const { items } = JSON.parse(await kubectl(['-n', operatorNamespace, 'get', 'pods', '-l', 'app.kubernetes.io/component=operator', '-o', 'json'])) as PodList;
  const { holderIdentity, leaseTransitions } = (await lease()).spec ?? {};
  return {
    pods: items.map((pod) => `${pod.metadata.uid} ${(pod.status.containerStatuses ?? []).map((c) => c.restartCount).join(' ')}`).sort(),
    lease: `${holderIdentity ?? ''} ${leaseTransitions ?? 0}`,
  };
}

async function lease(): Promise<Lease> {
  return (await get<Lease>('lease', 'stillpoint-leader', operatorNamespace)) ?? {};
}

/** How many windows may be open at a time where all are on one node and one driver. */
export async function windowsAtOnce(): Promise<number> {
  const env = '{range .spec.template.spec.containers[0].env[*]}{.name}={.value}{"\\n"}{end}';
  const lines = await kubectl(['-n', operatorNamespace, 'get', 'deployment', 'stillpoint', '-o', `jsonpath=${env}`]);
  const limits = [...lines.matchAll(/^WINDOWS_(GLOBAL|PER_DRIVER|PER_NODE)=(\d+)$/gm)].map(([, , value]) => Number(value));
  if (limits.length !== 3) throw new Error(`the operator has ${limits.length} of its three limits of windows in its environment`);
  return Math.min(...limits);
}

/** Memory of the leader: at the beginning, now, and the most that was resident when it was looked at, once a second. */
export class LeaderMemory {
  readonly pod: string;
  readonly #container: string;
  readonly #before: number;
  #peak = 0;
  readonly #timer: NodeJS.Timeout;

  static async begin(): Promise<LeaderMemory> {
    const pod = leaderOf(await lease());
    const id = await kubectl(['-n', operatorNamespace, 'get', 'pod', pod, '-o', 'jsonpath={.status.containerStatuses[0].containerID}']);
    return new LeaderMemory(pod, id.replace(/^containerd:\/\//, ''));
  }

  private constructor(pod: string, container: string) {
    this.pod = pod;
    this.#container = container;
    this.#before = usage(container).residentBytes;
    const pid = processOne(container);
    this.#timer = setInterval(() => this.#look(pid), 1000);
  }

  #look(pid: number): void {
    try {
      this.#peak = Math.max(this.#peak, residentOf(pid));
    } catch {
      clearInterval(this.#timer); // it has died, which the restarts will show
    }
  }

  /** Ends the looking. MiB. */
  end(): { readonly before: number; readonly peak: number; readonly after: number } {
    clearInterval(this.#timer);
    const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);
    return { before: mib(this.#before), peak: mib(this.#peak), after: mib(usage(this.#container).residentBytes) };
  }
}

/** Requests that a replica has sent since its start, by method and code, from its metrics. */
export async function requestsSent(pod: string): Promise<ReadonlyMap<string, number>> {
  const text = await kubectl(['get', '--raw', `/api/v1/namespaces/${operatorNamespace}/pods/${pod}:8080/proxy/metrics`]);
  const label = (labels: string, name: string): string => new RegExp(`${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
  return new Map([...text.matchAll(/^rest_client_requests_total\{(.*)\} (\d+)$/gm)].map(([, labels = '', value]) => [`${label(labels, 'method')} ${label(labels, 'code')}`, Number(value)]));
}

/** What has been added, the most first. */
export function added(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Record<string, number> {
  return mostFirst([...after].map(([key, count]) => [key, count - (before.get(key) ?? 0)]));
}

/** Requests of the operator in a time (ms since the epoch) by verb and resource, as the API server has logged them: its metrics know no resources. */
export function requestsLogged(from: number, until: number): Record<string, number> {
  const [first, last] = [new Date(from).toISOString(), new Date(until).toISOString()];
  const inTime = (line: string): boolean => {
    const at = /"requestReceivedTimestamp":"([^"]+)"/.exec(line)?.[1] ?? '';
    return at >= first && at <= last;
  };
  const counts = new Map<string, number>();
  for (const event of auditEvents((line) => line.includes(operatorUser) && inTime(line))) {
    if (event.user.username !== operatorUser || !isCounted(event)) continue;
    const what = `${event.verb} ${resourceOf(event)}${event.impersonatedUser === undefined ? '' : ' as the account'}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return mostFirst([...counts]);
}

function mostFirst(counts: readonly (readonly [string, number])[]): Record<string, number> {
  return Object.fromEntries(counts.filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a));
}
