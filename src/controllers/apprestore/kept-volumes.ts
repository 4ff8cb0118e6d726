import { list, record, valueAt } from '../../manifests/json.js';
import { objectId, type CapturedObject } from '../../manifests/captured.js';
import { podSpecPath } from '../../manifests/pod-templates.js';
import { storageClasses } from '../../runtime/resource.js';
import type { KubeObject } from '../../runtime/object.js';
import type { OperatorDeps } from '../deps.js';

const isDefault = 'storageclass.kubernetes.io/is-default-class';

/** Claims of a drill whose volumes would stay when it is over, as entries of `status.plan.refuse`. */
export async function keptVolumes(objects: readonly CapturedObject[], { client }: Pick<OperatorDeps, 'client'>): Promise<string[]> {
  const { items } = await client.list(storageClasses);
  return keptBy(objects, items);
}

/** Pure. */
export function keptBy(objects: readonly CapturedObject[], classes: readonly KubeObject[]): string[] {
  const standard = classes.find(({ metadata }) => metadata.annotations?.[isDefault] === 'true')?.metadata.name;
  const keeping = new Set(classes.filter((c) => c['reclaimPolicy'] === 'Retain').map(({ metadata }) => metadata.name));
  return objects.flatMap((captured) => {
    const bad = [...new Set(classesOf(captured, standard))].filter((name) => keeping.has(name));
    return bad.map((name) => `${objectId(captured)}: storage class ${name} keeps the volumes of deleted claims, which would stay when the drill is over; name another in spec.protection.verify.storageClasses of the policy`);
  });
}

function classesOf({ type, object }: CapturedObject, standard: string | undefined): string[] {
  const of = (spec: unknown): string[] => {
    const name = record(spec)['storageClassName'] ?? standard;
    return typeof name === 'string' ? [name] : [];
  };
  if (type.kind === 'PersistentVolumeClaim') return of(object['spec']);
  const pod = podSpecPath(type);
  const ephemeral = pod === undefined ? [] : list(valueAt(object, [...pod, 'volumes'])).flatMap((volume) => record(volume)['ephemeral'] ?? []);
  return [...list(valueAt(object, ['spec', 'volumeClaimTemplates'])).flatMap((template) => of(record(template)['spec'])), ...ephemeral.flatMap((e) => of(valueAt(e, ['volumeClaimTemplate', 'spec'])))];
}
