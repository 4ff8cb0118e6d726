import { labels } from '../../api/common.js';
import type { FixupStep } from '../../hooks/adapter.js';
import { list, record, type Json } from '../../manifests/json.js';
import type { KubeObject } from '../../runtime/object.js';
import type { PodSource } from './pod-source.js';

/** Value of the label `internal` on these pods. */
export const fixupRole = 'fixup';
/** The kubelet ends a step that hangs. */
export const fixupSeconds = 600;

/** Parts of a pod's spec that decide as whom, where and under which rules it runs. */
const kept = ['securityContext', 'serviceAccountName', 'nodeSelector', 'affinity', 'tolerations', 'imagePullSecrets', 'runtimeClassName', 'priorityClassName', 'hostUsers', 'os', 'schedulerName'] as const;
/** Parts of a container without its probes, ports, hooks and program. */
const keptOfContainer = ['name', 'image', 'imagePullPolicy', 'env', 'envFrom', 'workingDir', 'resources', 'securityContext', 'volumeMounts', 'volumeDevices'] as const;

/** What the restore gives to such a pod. */
export interface OwnPod {
  readonly name: string;
  readonly namespace: string;
  readonly restoreUid: string;
  /** Claims that the restore fills, by name. */
  readonly claims: ReadonlySet<string>;
}

/**
 * The pod in which a step runs: the database's own container (image, user, volumes) with the step as its program.
 * Undefined when the pod has no container of that name. Pure.
 */
export function fixupPod(step: FixupStep, source: PodSource, own: OwnPod): KubeObject | undefined {
  const container = list(source.spec['containers']).map(record).find((c) => c['name'] === step.container);
  if (container === undefined) return undefined;
  const mounted = new Set([...list(container['volumeMounts']), ...list(container['volumeDevices'])].map((m) => record(m)['name']));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: own.name, namespace: own.namespace, labels: { [labels.internal]: fixupRole, [labels.restore]: own.restoreUid } },
    spec: {
      ...pick(source.spec, kept),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 5,
      activeDeadlineSeconds: fixupSeconds,
      volumes: list(source.spec['volumes']).map(record).filter((v) => mounted.has(v['name'])).map((v) => (isMadeLater(v, source, own) ? { name: v['name'], emptyDir: {} } : v)),
      // The kubelet expands $(NAME) in a command; $$ stands for one dollar.
      containers: [{ ...pick(container, keptOfContainer), command: step.command.map((word) => word.replaceAll('$', '$$$$')) }],
    },
  };
}

/** A claim of which the copy has nothing: its workload makes it, empty, when it starts. */
function isMadeLater(volume: Json, { templates }: PodSource, { claims }: OwnPod): boolean {
  return templates.includes(String(volume['name'])) && !claims.has(String(record(volume['persistentVolumeClaim'])['claimName']));
}

function pick(from: Json, fields: readonly string[]): Json {
  return Object.fromEntries(fields.flatMap((f) => (from[f] === undefined ? [] : [[f, from[f]]])));
}
