import type { CapturedObject } from '../../manifests/captured.js';
import { list, record, valueAt, type Json } from '../../manifests/json.js';
import { kindKey } from '../../manifests/pod-templates.js';

/** The object of a copy that makes a pod, and the pod's spec as it would come out. */
export interface PodSource {
  readonly workload: CapturedObject;
  readonly spec: Json;
  readonly labels: Readonly<Record<string, unknown>>;
  /** Volumes whose claims the workload makes by itself, empty, where they are not there: those of its claim templates. */
  readonly templates: readonly string[];
}

/** What follows the workload's name in the name of one of its pods. */
const suffixes: Readonly<Record<string, RegExp>> = {
  'apps/StatefulSet': /^-\d+$/,
  'apps/Deployment': /^-[a-z0-9]+-[a-z0-9]{5}$/,
  'apps/ReplicaSet': /^-[a-z0-9]{5}$/,
  '/ReplicationController': /^-[a-z0-9]{5}$/,
  '/Pod': /^$/,
};

/** Finds what makes the pod of this name; undefined when nothing in the copy does. The longest name wins. Pure. */
export function podSource(pod: string, objects: readonly CapturedObject[]): PodSource | undefined {
  const makers = objects.filter(({ type, object }) => {
    const { name } = object.metadata;
    return pod.startsWith(name) && suffixes[kindKey(type)]?.test(pod.slice(name.length)) === true;
  });
  const [workload] = makers.sort((a, b) => b.object.metadata.name.length - a.object.metadata.name.length);
  return workload === undefined ? undefined : describe(workload, pod);
}

/** Where a pod may run, as its spec has it. */
export type Placement = Partial<Pick<Json, 'nodeSelector' | 'affinity' | 'tolerations'>>;

/**
 * On which nodes the first of these pods that something in the copy makes may run: a volume of a class that waits for its first pod is made where that one is. Who else it wants to
 * be near to, or far from, says nothing of its volumes. Pure.
 */
export function placementOf(pods: readonly string[], objects: readonly CapturedObject[]): Placement {
  const { nodeSelector, affinity, tolerations } = pods.map((pod) => podSource(pod, objects)).find((source) => source !== undefined)?.spec ?? {};
  const nodeAffinity = record(affinity)['nodeAffinity'];
  return {
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(nodeAffinity === undefined ? {} : { affinity: { nodeAffinity } }),
    ...(tolerations === undefined ? {} : { tolerations }),
  };
}

function describe(workload: CapturedObject, pod: string): PodSource {
  const { object, type } = workload;
  if (kindKey(type) === '/Pod') return { workload, spec: record(object['spec']), labels: object.metadata.labels ?? {}, templates: [] };
  const template = record(valueAt(object, ['spec', 'template']));
  const spec = record(template['spec']);
  const labels = record(valueAt(template, ['metadata', 'labels']));
  const templates = kindKey(type) === 'apps/StatefulSet' ? templatesOf(object) : [];
  return { workload, spec: withTemplates(spec, templates, pod), labels, templates };
}

function templatesOf(statefulSet: unknown): string[] {
  return list(valueAt(statefulSet, ['spec', 'volumeClaimTemplates'])).map((t) => String(valueAt(t, ['metadata', 'name'])));
}

/** A StatefulSet's pod mounts the claims of its own ordinal; a template takes the place of a volume of the same name. */
function withTemplates(spec: Json, names: readonly string[], pod: string): Json {
  const own = names.map((name) => ({ name, persistentVolumeClaim: { claimName: `${name}-${pod}` } }));
  const others = list(spec['volumes']).filter((v) => !names.includes(String(record(v)['name'])));
  return { ...spec, volumes: [...own, ...others] };
}
