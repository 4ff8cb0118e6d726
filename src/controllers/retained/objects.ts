import { annotations, labels } from '../../api/common.js';
import { retainedDigestFile, retainedPointFile, type RetainedPoint } from '../../api/retainedpoint.js';
import type { KubeObject, ObjectMeta } from '../../runtime/object.js';
import type { EncodedPoint } from './point.js';

/** On the first Secret: whoever deletes it removes the data as well, and that before it goes. */
export const retainedFinalizer = 'stillpoint.dev/retained-data';

/** Key of a part of the configuration. */
export const partFile = 'capture';

/** Name of the first Secret of a recovery point, by the uid of its AppSnapshot; the policy `stillpoint-author-retained` asks for the same one. Pure. */
export function pointName(uid: string): string {
  return `stillpoint-retained-${uid}`;
}

/** Name of a further Secret, with a part of the configuration. Pure. */
export function partName(uid: string, index: number): string {
  return `${pointName(uid)}-${index}`;
}

/** The uid in the labels of a first Secret. Pure. */
export function uidOfPoint({ labels: own }: Pick<ObjectMeta, 'labels'>): string | undefined {
  return own?.[labels.appSnapshot];
}

/** The first Secret. What it is stands in labels, so that `kubectl get -L` lists it. Pure. */
export function pointSecret(namespace: string, point: RetainedPoint, { text, digest }: EncodedPoint): KubeObject {
  const { source, cutAt, grade } = point;
  const { uid, name } = source.appSnapshot;
  return secretObject({
    name: pointName(uid),
    namespace,
    type: 'stillpoint.dev/retained-recovery-point',
    labels: {
      [labels.retained]: 'true',
      [labels.appSnapshot]: uid,
      [labels.sourceNamespace]: source.namespace,
      [labels.sourceName]: labelValue(name),
      [labels.cutAt]: timeLabel(cutAt),
      [labels.grade]: grade,
    },
    annotations: { [annotations.retainedOf]: `${source.namespace}/${name}`, [annotations.sourceNamespaceUid]: source.namespaceUid },
    finalizers: [retainedFinalizer],
    data: { [retainedPointFile]: base64(text), [retainedDigestFile]: base64(digest) },
  });
}

/** A further Secret. Pure. */
export function partSecret(namespace: string, point: RetainedPoint, index: number, part: Buffer): KubeObject {
  const { namespace: sourceNamespace, appSnapshot } = point.source;
  return secretObject({
    name: partName(appSnapshot.uid, index),
    namespace,
    type: 'stillpoint.dev/retained-part',
    labels: { [labels.retainedPart]: appSnapshot.uid },
    annotations: { [annotations.retainedOf]: `${sourceNamespace}/${appSnapshot.name}` },
    data: { [partFile]: part.toString('base64') },
  });
}

interface SecretParts extends Pick<ObjectMeta, 'name' | 'namespace' | 'labels' | 'annotations' | 'finalizers'> {
  readonly type: string;
  readonly data: Readonly<Record<string, string>>;
}

function secretObject({ type, data, labels: own, ...metadata }: SecretParts): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata, labels: { ...own, [labels.internal]: 'retained' } }, type, immutable: true, data };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Names of objects may be longer than the value of a label. */
function labelValue(name: string): string {
  return name.slice(0, 63).replace(/[^a-z0-9]+$/, '');
}

/** A label has no colons. */
function timeLabel(time: string): string {
  return new Date(time).toISOString().slice(0, 19).replaceAll(':', '-').concat('Z');
}
