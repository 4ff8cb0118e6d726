import { annotations, apiGroup, labels } from '../api/common.js';
import type { KubeObject, ObjectMeta } from '../runtime/object.js';
import type { ResourceType } from '../runtime/resource.js';
import { dropAt, editAt, list, record, removed, valueAt, type Path } from './json.js';
import { kindKey, podSpecPath } from './pod-templates.js';

/** What the server or controllers keep in metadata; ownerReferences name uids that mean nothing elsewhere. */
const runtimeMeta = ['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields', 'selfLink', 'ownerReferences', 'finalizers', 'deletionGracePeriodSeconds'];

/** Annotations and labels that say what happened to this very object, not what somebody wanted. */
const runtimeMarks = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deployment.kubernetes.io/revision',
  'pv.kubernetes.io/bind-completed',
  'pv.kubernetes.io/bound-by-controller',
  'volume.kubernetes.io/storage-provisioner',
  'volume.beta.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/selected-node',
  'endpoints.kubernetes.io/last-change-trigger-time',
  'control-plane.alpha.kubernetes.io/leader',
  labels.set,
  labels.restore,
  annotations.attributesClass,
  annotations.grownAt,
  `${apiGroup}/snapshot-driver`,
]);

/** The object without runtime fields: what somebody would have had to write to get it. Pure; the original is not changed. */
export function cleaned(type: ResourceType, object: KubeObject): KubeObject {
  const base: KubeObject = { ...dropAt(object, ['status']), metadata: cleanMeta(object.metadata) };
  return (byKind[kindKey(type)] ?? ((o: KubeObject) => o))(base, object);
}

function cleanMeta(metadata: ObjectMeta): ObjectMeta {
  const kept = Object.entries(metadata).filter(([key]) => !runtimeMeta.includes(key));
  let meta = Object.fromEntries(kept) as ObjectMeta;
  for (const field of ['labels', 'annotations']) {
    meta = editAt(meta, [field], (marks) => {
      const wanted = Object.entries(record(marks)).filter(([key]) => !runtimeMarks.has(key));
      return wanted.length === 0 ? removed : Object.fromEntries(wanted);
    });
  }
  return meta;
}

const drop =
  (...paths: readonly Path[]) =>
  (object: KubeObject): KubeObject =>
    paths.reduce((o, path) => dropAt(o, path), object);

const byKind: Readonly<Record<string, (object: KubeObject, original: KubeObject) => KubeObject>> = {
  '/PersistentVolumeClaim': cleanClaim,
  '/ServiceAccount': (object) => dropTokenSecrets(object),
  '/Pod': (object) => cleanPod(object),
  'batch/Job': (object) => cleanJob(object),
};

/** A VolumeAttributesClass that a policy has given it goes when no claim has it: whoever wants one says so anew. */
function cleanClaim(object: KubeObject, { metadata }: KubeObject): KubeObject {
  const given = metadata.annotations?.[annotations.attributesClass];
  const own = given !== undefined && given === valueAt(object, ['spec', 'volumeAttributesClassName']);
  return drop(['spec', 'volumeName'], ...(own ? [['spec', 'volumeAttributesClassName']] : []))(object);
}

/** Token secrets are not captured, so references to them would dangle. */
function dropTokenSecrets(object: KubeObject): KubeObject {
  const prefix = `${object.metadata.name}-token-`;
  const kept = list(object['secrets']).filter((s) => !String(record(s)['name']).startsWith(prefix));
  return editAt(object, ['secrets'], () => (kept.length === 0 ? removed : kept));
}

/** The scheduler's choice and the token volume that admission adds anew. */
function cleanPod(object: KubeObject): KubeObject {
  const spec = podSpecPath({ group: '', kind: 'Pod' }) ?? ['spec'];
  const isToken = (entry: unknown): boolean => String(record(entry)['name']).startsWith('kube-api-access-');
  const withoutToken = (entries: unknown): unknown => list(entries).filter((e) => !isToken(e));
  let pod = dropAt(object, [...spec, 'nodeName']);
  pod = editAt(pod, [...spec, 'volumes'], withoutToken);
  for (const containers of ['containers', 'initContainers']) pod = editAt(pod, [...spec, containers, '*', 'volumeMounts'], withoutToken);
  return dropAt(pod, [...spec, 'ephemeralContainers']);
}

/** The server chooses selector and labels of a Job anew, unless its author did. */
function cleanJob(object: KubeObject): KubeObject {
  if (valueAt(object, ['spec', 'manualSelector']) === true) return object;
  const generated = ['controller-uid', 'batch.kubernetes.io/controller-uid', 'job-name', 'batch.kubernetes.io/job-name'];
  const places: Path[] = [['metadata', 'labels'], ['spec', 'template', 'metadata', 'labels']];
  return drop(['spec', 'selector'], ...places.flatMap((place) => generated.map((key) => [...place, key])))(object);
}
