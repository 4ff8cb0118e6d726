import { operatorNamespace } from '../install/operator.js';
import { kubectl } from '../lib/kubectl.js';

/** What would show that an operator fell, or met something it does not know. */
export interface OperatorHealth {
  /** Name and restarts of every pod. */
  readonly restarts: readonly string[];
  /** Faults of the program in reconciles, over all pods. */
  readonly panics: number;
  /** Lines of the logs that no code of ours writes on purpose. */
  readonly unhandled: readonly string[];
}

interface PodList {
  readonly items: readonly { readonly metadata: { readonly name: string }; readonly status: { readonly containerStatuses?: readonly { readonly restartCount: number }[] } }[];
}

export async function operatorHealth(): Promise<OperatorHealth> {
  const { items } = JSON.parse(await kubectl(['-n', operatorNamespace, 'get', 'pods', '-l', 'app.kubernetes.io/component=operator', '-o', 'json'])) as PodList;
  const each = await Promise.all(items.map(async ({ metadata: { name } }) => ({ log: await kubectl(['-n', operatorNamespace, 'logs', name, '--tail=-1']), metrics: await kubectl(['get', '--raw', `/api/v1/namespaces/${operatorNamespace}/pods/${name}:8080/proxy/metrics`]) })));
  return {
    restarts: items.map((pod) => `${pod.metadata.name} ${(pod.status.containerStatuses ?? []).map((c) => c.restartCount).join(' ')}`).sort(),
    panics: each.flatMap(({ metrics }) => [...metrics.matchAll(/^controller_runtime_reconcile_panics_total\{.*\} (\d+)/gm)].map(([, n]) => Number(n))).reduce((a, b) => a + b, 0),
    unhandled: each.flatMap(({ log }) => log.split('\n').filter((line) => line !== '' && (!line.startsWith('{') || /unhandled|uncaught|TypeError|ReferenceError|RangeError/i.test(line)))),
  };
}
