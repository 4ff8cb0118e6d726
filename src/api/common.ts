import { z } from 'zod';

/** API group and version of every kind of ours. */
export const apiGroup = 'stillpoint.dev';
export const apiVersion = 'v1alpha1';

/** Labels and annotations that this operator writes on objects of others. */
export const labels = {
  /** On claims for the time of a cut, and on snapshots for good: the id of the snapshot set. */
  set: `${apiGroup}/snapshot-set`,
  /** On snapshots: the uid of the AppSnapshot that made them. */
  appSnapshot: `${apiGroup}/appsnapshot`,
  /** On snapshots: the proven grade, so that a copy explains itself without us. */
  grade: `${apiGroup}/grade`,
  /** On snapshots: kind and version of the application whose member this is. */
  application: `${apiGroup}/application`,
  applicationKind: `${apiGroup}/application-kind`,
  applicationVersion: `${apiGroup}/application-version`,
  role: `${apiGroup}/role`,
  /** On Secrets of ours that hold a capture. */
  capture: `${apiGroup}/capture`,
  /** On everything that a restore makes: the uid of the AppRestore. */
  restore: `${apiGroup}/apprestore`,
  /** On PersistentVolumes that a restore in place has replaced and keeps: the uid of the AppRestore. */
  keptBy: `${apiGroup}/kept-by`,
  /** On AppSnapshots, StorageClasses and VolumeAttributesClasses that a VolumePolicy made: its uid. */
  policy: `${apiGroup}/policy`,
  /** On everything that a drill makes: the uid of the VolumePolicy. On a namespace only the operator may set it, and nobody may change it (policy `stillpoint-drill-namespace`). */
  drill: `${apiGroup}/drill`,
  /** On Jobs, pods and claims of a mover: the uid of the BackupTarget. */
  target: `${apiGroup}/backuptarget`,
  /** On claims and pods of ours: never part of a selection or capture. */
  internal: `${apiGroup}/internal`,
  /** On the first Secret of a retained recovery point: `true`. On its other Secrets: the uid of the AppSnapshot. */
  retained: `${apiGroup}/retained`,
  retainedPart: `${apiGroup}/retained-part`,
  /** On the first Secret, so that `kubectl get -L` shows what it is: namespace and name of the AppSnapshot, and when its copy was cut. */
  sourceNamespace: `${apiGroup}/source-namespace`,
  sourceName: `${apiGroup}/source-name`,
  cutAt: `${apiGroup}/cut-at`,
} as const;

export const annotations = {
  /** On a VolumeGroupSnapshotClass, set by admins: `Atomic` or `Loose`; absent counts as `Loose`. */
  atomicity: `${apiGroup}/atomicity`,
  /** On snapshots: positions of the member as JSON, and the digest of the capture. */
  positions: `${apiGroup}/positions`,
  captureDigest: `${apiGroup}/capture-digest`,
  /** On snapshots: `status.applications[].startFiles` as JSON; without them the server must not be started on this copy. */
  startFiles: `${apiGroup}/start-files`,
  /** On a PersistentVolume that is kept: its reclaim policy before, and the claim that was bound to it, as JSON. */
  reclaimPolicy: `${apiGroup}/reclaim-policy`,
  previousClaim: `${apiGroup}/previous-claim`,
  /** On the namespace of a drill: the VolumePolicy, as namespace/name. */
  drillOf: `${apiGroup}/drill-of`,
  /** On AppSnapshots that a VolumePolicy made: its name, and when the copy was due. */
  policyName: `${apiGroup}/policy-name`,
  dueAt: `${apiGroup}/due-at`,
  /** On StorageClasses and VolumeAttributesClasses that a VolumePolicy made: the policy, as namespace/name. */
  policyOf: `${apiGroup}/policy-of`,
  /** On StorageClasses that a VolumePolicy made: the class that it was made like. */
  tier: `${apiGroup}/tier`,
  /** On claims: the VolumeAttributesClass that a VolumePolicy has given it. */
  attributesClass: `${apiGroup}/attributes-class`,
  /** On claims that a VolumePolicy made grow: when it last did. */
  grownAt: `${apiGroup}/grown-at`,
  /** On a Namespace, set by admins: `true` lets movers there read and write as root what their own user may not. */
  privilegedMovers: `${apiGroup}/privileged-movers`,
  /** On Secrets of a retained recovery point: its AppSnapshot, as namespace/name, and the uid of that namespace. */
  retainedOf: `${apiGroup}/retained-of`,
  sourceNamespaceUid: `${apiGroup}/source-namespace-uid`,
} as const;

/** Proven consistency of a copy, best first (3-stillness.md, 3.4). */
export const grades = ['Frozen', 'Quiesced', 'CrashConsistentSynced', 'CrashConsistent', 'Inconsistent'] as const;
export type Grade = (typeof grades)[number];
export const gradeSchema = z.enum(grades);

/** Databases that an adapter knows, `Custom` for what a QuiesceProfile describes, and `Generic` for every other workload. */
export const applicationKinds = ['PostgreSQL', 'Kafka', 'Cassandra', 'Elasticsearch', 'Custom', 'Generic'] as const;
export type ApplicationKind = (typeof applicationKinds)[number];

/** RFC 1123 label: name of a namespaced object that must also serve as a label value. */
export const labelName = z.string().min(1).max(63).regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
/** RFC 1123 subdomain: name of an object. */
export const objectName = z.string().min(1).max(253).regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);

/** A duration as Go writes it, whole numbers only: `10s`, `1m30s`, `720h`. */
export const durationPattern = /^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$/;
export const duration = z.string().min(2).max(32).regex(durationPattern);

/** Milliseconds of a {@link duration}. Throws RangeError on anything else. */
export function durationMillis(text: string): number {
  const match = /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(text);
  if (match === null || text === '') throw new RangeError(`not a duration: ${text}`);
  const [, h = '0', m = '0', s = '0', ms = '0'] = match;
  return ((Number(h) * 60 + Number(m)) * 60 + Number(s)) * 1000 + Number(ms);
}

/**
 * A {@link duration} within bounds, both inclusive and written as durations. The API server checks it by the CEL rule,
 * zod by the refinement; both are made here from the same bounds.
 */
export function durationWithin(least: string, most: string): typeof duration {
  const [min, max] = [durationMillis(least), durationMillis(most)];
  return duration
    .refine((text) => text === '' || !durationPattern.test(text) || (durationMillis(text) >= min && durationMillis(text) <= max), `must be a duration from ${least} to ${most}`)
    .meta({
      'x-kubernetes-validations': [
        { rule: `duration(self) >= duration('${least}') && duration(self) <= duration('${most}')`, message: `must be a duration from ${least} to ${most}, for example ${least}` },
      ],
    });
}

/** A map with at most so many keys: zod checks it by the refinement, the API server by the schema. */
export function mapOf<K extends z.core.$ZodRecordKey, V extends z.ZodType>(key: K, value: V, most: number): z.ZodRecord<K, V> {
  return z.record(key, value).refine((map) => Object.keys(map).length <= most, `must have at most ${most} entries`).meta({ maxProperties: most });
}

/** A list of at most so many texts, each once. */
export function setOf(item: z.ZodString, most: number): z.ZodArray<z.ZodString> {
  return z.array(item).max(most).refine((list) => new Set(list).size === list.length, 'every entry must be there once only').meta({ 'x-kubernetes-list-type': 'set' });
}

/** A list of at most so many objects that differ in one field, so that server-side apply knows them by it. */
export function listBy<F extends string, T extends z.ZodType<Record<F, unknown>>>(field: F, item: T, most: number): z.ZodArray<T> {
  return z
    .array(item)
    .max(most)
    .refine((list) => new Set(list.map((entry) => entry[field])).size === list.length, `every ${field} must be there once only`)
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [field] });
}

/** As the API server's own check of qualified names and label values. */
const labelKey = z.string().min(1).max(317).regex(/^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);
const labelValue = z.string().max(63).regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/);

/** Keys of a map have no schema in a CRD: this says what {@link labelKey} says to zod. */
const matchLabelsRule = {
  rule: "self.all(k, size(k) <= 317 && k.matches('^([a-z0-9.-]+/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$'))",
  message: 'every key must be a label key, for example app.kubernetes.io/name',
};
const valuesRule = {
  rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
  message: 'In and NotIn need at least one entry in values; Exists and DoesNotExist must have none',
};

/** metav1.LabelSelector with bounds (the CEL budget needs them). */
export const labelSelector = z
  .strictObject({
    matchLabels: mapOf(labelKey, labelValue, 16).meta({ 'x-kubernetes-validations': [matchLabelsRule] }).optional().describe('Labels that must all be present with these values.'),
    matchExpressions: z
      .array(
        z.strictObject({
          key: labelKey.describe('Label key.'),
          operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']).describe('How the key relates to the values.'),
          values: z.array(labelValue).max(32).optional().describe('Values for In and NotIn; must be empty for Exists and DoesNotExist.'),
        })
        .refine((e) => ['In', 'NotIn'].includes(e.operator) === ((e.values?.length ?? 0) > 0), valuesRule.message)
        .meta({ 'x-kubernetes-validations': [valuesRule] }),
      )
      .max(16)
      .optional()
      .describe('Requirements that must all hold.'),
  })
  .describe('A standard Kubernetes label selector.');

/** Reference to a Secret in the same namespace. */
export const secretRef = z.strictObject({ name: objectName.describe('Name of the Secret.') });

/** One key of a Secret in the same namespace. */
export const secretKeyRef = z
  .strictObject({
    name: objectName.describe('Name of the Secret.'),
    key: z.string().min(1).max(253).regex(/^[-._a-zA-Z0-9]+$/).describe('Key in its data.'),
  })
  .describe('Secret of this namespace and the key in it.');

/** metav1.Condition in status. */
export const condition = z.strictObject({
  type: z.string().max(316).describe('Type of the condition.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  reason: z.string().max(1024).describe('One word why, in CamelCase; the same as the reason of the event.'),
  message: z.string().max(32768).describe('A sentence for people.'),
  lastTransitionTime: z.iso.datetime({ offset: true }).describe('When the condition last changed.'),
  observedGeneration: z.int().min(0).optional().describe('Generation of the spec that this condition speaks about.'),
});

export const conditions = listBy('type', condition, 16).describe('Conditions as kstatus reads them: Ready, Reconciling and Stalled (the latter two only while true).');

/** One finding of an integrity check on a restored application. */
export const check = z.strictObject({
  name: z.string().max(128).describe('What was checked.'),
  outcome: z.enum(['Passed', 'Failed', 'Skipped', 'Unknown']).describe('Skipped and Unknown never count as passed.'),
  message: z.string().max(2048).optional().describe('What was found.'),
});
export type Check = z.infer<typeof check>;
