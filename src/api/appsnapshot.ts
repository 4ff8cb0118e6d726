import { z } from 'zod';
import { applicationKinds, conditions, durationWithin, gradeSchema, labelName, labelSelector, listBy, mapOf, objectName, secretRef, setOf } from './common.js';

/** Phases of an AppSnapshot, in order (3-stillness.md, 3.2). `Expired` and `Failed` are ends as well as `Ready`. */
export const snapshotPhases = ['Pending', 'Planned', 'Warmed', 'Intended', 'Released', 'Graded', 'Ready', 'Failed', 'Expired'] as const;
export type SnapshotPhase = (typeof snapshotPhases)[number];

/** `plural.group`, the plural alone for the core group. */
const resourceName = z.string().min(1).max(316).regex(/^[a-z0-9]+(\.[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/);

const backupApiRule = { rule: "self.mode != 'BackupAPI' || self.kind == 'PostgreSQL'", message: 'mode BackupAPI is for kind PostgreSQL; other kinds have Auto, Freeze and None' };
const repositoryModeRule = { rule: "self.mode != 'Repository' || self.kind == 'Elasticsearch'", message: 'mode Repository is for kind Elasticsearch; other kinds have Auto, Freeze and None' };
const repositoryRule = { rule: "!has(self.repository) || self.mode == 'Repository'", message: 'repository is for mode Repository' };
const profileRule = { rule: "(self.kind == 'Custom') == has(self.profileRef)", message: 'kind Custom needs profileRef, and no other kind may have one' };
const customCredentialsRule = { rule: "self.kind != 'Custom' || !has(self.credentialsSecretRef)", message: 'kind Custom takes no credentialsSecretRef: its QuiesceProfile names the Secret of each command that needs one, as stdin.secretKeyRef' };

/** As Elasticsearch itself restricts it. */
const repositoryName = z.string().min(1).max(255).regex(/^[^\s,#\\/*?"<>|]+$/);

const application = z.strictObject({
  name: labelName.describe('Name of the application in status, events and labels.'),
  kind: z.enum(applicationKinds).describe('Which adapter takes care of it. Custom: the QuiesceProfile that profileRef names. Generic: freeze and sync only.'),
  selector: labelSelector.optional().describe('Pods of the application. Default: what detection finds for this kind.'),
  container: z.string().min(1).max(63).optional().describe('Container of the database in these pods. Default: found by detection.'),
  mode: z
    .enum(['Auto', 'Freeze', 'None', 'BackupAPI', 'Repository'])
    .default('Auto')
    .describe('How it is held: Freeze stops its processes, None only syncs its volumes (and caps the grade), Auto takes the best that can be had. BackupAPI (PostgreSQL): nothing is held, the server itself brackets the cuts, and the volume of its WAL is cut last. Repository (Elasticsearch): nothing is held, the server takes a snapshot of its own into a repository on a claim of the copy, and that claim is cut; its data volumes must not be in the copy.'),
  repository: repositoryName.optional().describe('For mode Repository: the snapshot repository of type fs that is used, by its name in the server. Default: the only one that can be written to and lies on a claim of the copy.'),
  credentialsSecretRef: secretRef
    .optional()
    .describe('Secret with the keys username and password for the database; kind Kafka: with the key client.properties. Read as the service account, passed by stdin. Default: the local socket inside the container, or a listener that asks for no credentials.'),
  profileRef: z.strictObject({ name: objectName.describe('QuiesceProfile of this namespace.') }).optional().describe('For kind Custom: the QuiesceProfile that says how it is held and checked. Read as the service account; a profile never applies by itself.'),
})
  .refine((a) => a.mode !== 'BackupAPI' || a.kind === 'PostgreSQL', { message: backupApiRule.message, path: ['mode'] })
  .refine((a) => a.mode !== 'Repository' || a.kind === 'Elasticsearch', { message: repositoryModeRule.message, path: ['mode'] })
  .refine((a) => a.repository === undefined || a.mode === 'Repository', { message: repositoryRule.message, path: ['repository'] })
  .refine((app) => (app.kind === 'Custom') === (app.profileRef !== undefined), profileRule.message)
  .refine((app) => app.kind !== 'Custom' || app.credentialsSecretRef === undefined, customCredentialsRule.message)
  .meta({ 'x-kubernetes-validations': [backupApiRule, repositoryModeRule, repositoryRule, profileRule, customCredentialsRule] });

/** Of a list of copies. */
export const onceRule = { rule: 'self.all(a, self.exists_one(b, b.targetRef.name == a.targetRef.name))', message: 'every target must be there once only' };

const copies = z
  .array(
    z.strictObject({
      targetRef: z.strictObject({ name: objectName.describe('BackupTarget of this namespace.') }).describe('Where it is written to.'),
      deletionPolicy: z.enum(['Delete', 'Retain']).default('Delete').describe('Delete: it is removed from the target with this object, unless the namespace goes as a whole. Retain: it stays there.'),
    }),
  )
  .max(4)
  .refine((list) => new Set(list.map((copy) => copy.targetRef.name)).size === list.length, onceRule.message)
  .meta({ 'x-kubernetes-validations': [onceRule] });

export const appSnapshotSpec = z.strictObject({
  serviceAccountName: objectName.describe(
    'Service account of this namespace under which the work is done. The author of this object must be allowed to impersonate it. What the account may not do is refused.',
  ),
  selector: labelSelector.optional().describe('Claims (and thereby their pods) that belong to the copy. Empty: every bound claim of the namespace.'),
  applications: listBy('name', application, 32)
    .optional()
    .describe('Applications by name. Default: detection; an entry here overrides what detection finds for the pods that it selects.'),
  consistency: z
    .strictObject({
      required: gradeSchema.default('Quiesced').describe('The grade that the copy must reach.'),
      onUnmet: z.enum(['Fail', 'Downgrade']).default('Fail').describe('Fail: leave no copy when the grade is not reached. Downgrade: keep it and say so. Never keeps an Inconsistent copy that was not asked for.'),
    })
    .default({ required: 'Quiesced', onUnmet: 'Fail' })
    .describe('What the copy must be proven to be.'),
  quiesce: z
    .strictObject({
      maxHold: durationWithin('100ms', '10s').default('10s').describe('Longest hold, enforced next to the database. 100ms to 10s; lowered further by liveness probes and by what the database tolerates.'),
      heartbeatTimeout: durationWithin('1s', '10s').default('3s').describe('The database is released when the operator is not heard for this long, or at maxHold if that is shorter. 1s to 10s.'),
      attempts: z.int().min(1).max(5).default(2).describe('How many windows are tried before the copy counts as failed.'),
      vantage: z.enum(['Auto', 'Node', 'Pod']).default('Auto').describe('Where the holder runs: Node in the agent, Pod inside the database container.'),
    })
    .default({ maxHold: '10s', heartbeatTimeout: '3s', attempts: 2, vantage: 'Auto' })
    .describe('Limits of the hold.'),
  capture: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Save the Kubernetes objects of the application with the copy.'),
      include: setOf(resourceName, 64).optional().describe('Only these resources, as plural.group (for example statefulsets.apps). Default: every namespaced resource that the account may list.'),
      exclude: setOf(resourceName, 64).optional().describe('Resources left out, as plural.group.'),
    })
    .default({ enabled: true })
    .describe('Configuration that goes with the data.'),
  volumeSnapshotClassName: objectName.optional().describe('Class for single snapshots. Default: the one class, or the default class, of each driver.'),
  volumeGroupSnapshotClassName: objectName.optional().describe('Class for group snapshots. Default: the one class, or the default class, of each driver.'),
  copies: copies.optional().describe('Copies outside the storage of the cluster: volumes that are made from the snapshots, never those of the application, are written there when the snapshots are ready. Default: none.'),
  deletionPolicy: z
    .enum(['Delete', 'Retain'])
    .default('Delete')
    .describe('Delete: the copy goes with this object. Retain: snapshots and configuration stay when this object or its whole namespace is deleted, and whoever may read Secrets of the operator restores them (spec.from.retained of an AppRestore). A change redoes or undoes that.'),
  forgetCopies: setOf(objectName, 4).optional().describe('BackupTargets of spec.copies from which the copy is removed now, while this object stays, once no restore reads it. What is removed does not come again.'),
  expiresAfter: durationWithin('1m', '87600h').optional().describe('After this long the data is removed; the object stays, as Expired. 1m to 87600h.'),
  suspend: z.boolean().default(false).describe('True: nothing new is begun. A window that is open is finished.'),
});
export type AppSnapshotSpec = z.infer<typeof appSnapshotSpec>;
/** The spec as users write it, defaults not yet filled in. */
export type AppSnapshotSpecInput = z.input<typeof appSnapshotSpec>;

const time = z.iso.datetime({ offset: true });
const millis = z.number().min(0);

/** One hold as the window intends it: data only, nothing in it is ever executed (3.3). */
const hold = z.strictObject({
  id: z.string().min(1).max(63).regex(/^[a-z0-9-]+$/).describe('Id of the hold; the holder keeps its record under it.'),
  vantage: z.enum(['Node', 'Pod']).describe('Where the holder runs.'),
  node: z.string().max(253).optional().describe('Node of the holder.'),
  pod: z.string().max(253).describe('Pod in which the holder runs: an agent, or the member itself.'),
  container: z.string().max(63).describe('Container in which the holder runs.'),
  podUid: z.string().max(63).describe('Uid of that pod.'),
  mechanism: z.enum(['Freezer', 'Signal', 'Fence']).describe('Freezer, Signal: how processes are stopped. Fence: the server runs on and keeps its clients from writing.'),
  maxHoldMillis: z.int().min(0).describe('Absolute limit of the hold.'),
  heartbeatTimeoutMillis: z.int().min(0).describe('Limit without heartbeat.'),
  targets: z
    .array(
      z.strictObject({
        pod: z.string().max(253).describe('Pod that is held.'),
        podUid: z.string().max(63).describe('Its uid.'),
        container: z.string().max(63).describe('Container that is held.'),
        containerId: z.string().max(128).describe('Its id at the runtime.'),
      }),
    )
    .max(256)
    .describe('What the holder stops.'),
  state: z.enum(['Intended', 'Released', 'Broken', 'Ended']).describe('Intended: may be holding. Released: ended by our release, unbroken. Broken: ended otherwise. Ended: known to be over.'),
  endedBy: z.string().max(32).optional().describe('Who ended it: release, eof, abort, ttl, max, takeover or sweep.'),
  heldMillis: millis.optional().describe('Length of the hold as its holder measured it.'),
  freezeMillis: millis.optional().describe('Time to stop all targets.'),
  syncMillis: millis.optional().describe('Time to write the rest of the page cache to the volumes, while held.'),
  settledMillis: millis.optional().describe('With closed client ports: from the last port closed to the first freeze, on the clock of the holder.'),
  thawMillis: millis.optional().describe('From the release command to everything thawed, on the clock of the holder.'),
});
export type HoldStatus = z.infer<typeof hold>;

const member = z.strictObject({
  claim: z.string().max(253).describe('PersistentVolumeClaim.'),
  uid: z.string().max(63).describe('Uid of the claim when the plan was made.'),
  driver: z.string().max(253).describe('CSI driver.'),
  volumeHandle: z.string().max(512).optional().describe('Id of the volume at the driver; snapshots are matched by it, since names are reused.'),
  pods: z.array(z.string().max(253)).max(64).optional().describe('Pods that mount it.'),
  application: z.string().max(63).optional().describe('Application that it belongs to.'),
  snapshot: z.string().max(253).optional().describe('VolumeSnapshot of this copy.'),
  restoreSize: z.string().max(64).optional().describe('Smallest volume that the snapshot can be restored to.'),
  ready: z.boolean().optional().describe('The snapshot can be restored from.'),
});
export type MemberStatus = z.infer<typeof member>;

export const applicationStatus = z.strictObject({
  name: z.string().max(63).describe('Name of the application.'),
  kind: z.enum(applicationKinds).describe('Adapter.'),
  version: z.string().max(64).optional().describe('Version of the server.'),
  vantage: z.enum(['Node', 'Pod']).optional().describe('Where it is held.'),
  mechanism: z.enum(['Freezer', 'Signal', 'Fence', 'BackupAPI', 'Repository', 'None']).optional().describe('How it is held.'),
  profile: z
    .strictObject({ name: z.string().max(253).describe('Name of the QuiesceProfile.'), digest: z.string().max(64).describe('SHA-256 of its spec when the plan was made: another one proves nothing of this copy.') })
    .optional()
    .describe('The QuiesceProfile by which it is held.'),
  grade: gradeSchema.optional().describe('What the copy of this application is proven to be.'),
  caps: z.array(z.string().max(512)).max(16).optional().describe('What keeps the grade from being higher.'),
  members: z
    .array(
      z.strictObject({
        pod: z.string().max(253).describe('Pod.'),
        role: z.string().max(63).describe('Role that the server itself reports.'),
        container: z.string().max(63).describe('Container of the server.'),
      }),
    )
    .max(64)
    .optional()
    .describe('Pods of the application.'),
  positions: mapOf(z.string().max(63), z.string().max(256), 16).optional().describe('Positions before and after the hold, as the database names them.'),
  facts: mapOf(z.string().max(63), z.string().max(512), 32).optional().describe('What a restore must know of the server.'),
  startFiles: z
    .array(
      z.strictObject({
        name: z.string().max(63).describe('Name of the file in the data directory.'),
        content: z.string().max(16384).describe('Its content, byte for byte.'),
        sha256: z.string().max(64).describe('SHA-256 of the content; a restore refuses another.'),
      }),
    )
    .max(4)
    .optional()
    .describe('Files that the server needs at its first start on this copy and that are on no volume: a restore writes them.'),
});
export type ApplicationStatus = z.infer<typeof applicationStatus>;
export type StartFile = NonNullable<ApplicationStatus['startFiles']>[number];

const windowStatus = z.strictObject({
  id: z.string().max(63).describe('Id of the snapshot set that the window made.'),
  attempt: z.int().min(1).describe('Which attempt it was.'),
  openedAt: time.optional().describe('When its holds were named, before anything was frozen.'),
  heldFrom: time.optional().describe('When every member stood still.'),
  heldUntil: time.optional().describe('When the first member was let go.'),
  heldMillis: millis.optional().describe('From the first request to close ports or to freeze, to the last release.'),
  cutMillis: millis.optional().describe('From the request for the first cut to the last cut seen.'),
  skewMillis: millis.optional().describe('Between the first and the last member to stand still.'),
  settleMillis: millis.optional().describe('How long servers ran on behind closed client ports before anything was frozen, so that they could make recoverable what they had acknowledged.'),
  overheadMillis: millis.optional().describe('Window minus the time that the cut itself took, and minus settleMillis.'),
  syncMillis: millis.optional().describe('Longest sync inside the hold.'),
  freezeMillis: millis.optional().describe('Longest freeze.'),
  unbroken: z.boolean().optional().describe('Every hold was ended by our release and by nothing else.'),
  atomic: z.boolean().optional().describe('One cut of a storage that is declared atomic covered all members.'),
  marks: z
    .strictObject({
      allGated: millis.optional().describe('The last client port was closed; only where there are such.'),
      freezeSent: millis.optional().describe('The freeze was requested; 0 and left out without closed ports.'),
      firstFrozen: millis.optional().describe('The first holder answered: frozen.'),
      allFrozen: millis.optional().describe('The last holder answered: frozen.'),
      cutSent: millis.optional().describe('The first cut was requested.'),
      cutAnswered: millis.optional().describe('The API server answered the last request for a cut.'),
      contentSeen: millis.optional().describe('The last content object was there.'),
      allCut: millis.optional().describe('The last cut was seen.'),
      releaseSent: millis.optional().describe('The releases were sent.'),
      allReleased: millis.optional().describe('The last holder answered: released.'),
    })
    .optional()
    .describe('Milliseconds since the first impact was requested, on one monotonic clock: the freeze, or before it the closing of client ports.'),
});
export type WindowStatus = z.infer<typeof windowStatus>;

/** Phases of a copy in a target, in order; `Failed` is an end as well as `Complete`. */
export const copyPhases = ['Pending', 'Copying', 'Sealing', 'Cleaning', 'Complete', 'Failed', 'Forgotten'] as const;

const bytes = z.int().min(0);

export const runAs = z.strictObject({
  user: z.int().min(0).describe('User.'),
  group: z.int().min(0).describe('Group.'),
  groups: z.array(z.int().min(0)).max(32).describe('Further groups.'),
  fsGroup: z.int().min(0).optional().describe('Group that the kubelet gives to its volumes.'),
  seLinux: mapOf(z.string().max(63), z.string().max(253), 4).optional().describe('Label of SELinux.'),
});

const copyVolume = z.strictObject({
  claim: z.string().max(253).describe('PersistentVolumeClaim of the application.'),
  uid: z.string().max(63).describe('Its uid when the plan was made.'),
  phase: z.enum(['Pending', 'Copying', 'Done']).describe('Where it is.'),
  attempt: z.int().min(0).describe('How often it was begun.'),
  runAs: runAs.optional().describe('As whom it is read: as the pod that it belongs to.'),
  snapshotId: z.string().max(64).optional().describe('Id in the repository.'),
  tree: z.string().max(64).optional().describe('Digest of its content in the repository.'),
  bytesDone: bytes.optional().describe('Bytes read so far.'),
  bytesTotal: bytes.optional().describe('Bytes found so far.'),
  bytesAdded: bytes.optional().describe('Bytes that were new in the repository, as they are stored.'),
  etaSeconds: z.int().min(0).optional().describe('How long it will still take.'),
});
export type CopyVolumeStatus = z.infer<typeof copyVolume>;

const copy = z.strictObject({
  target: z.string().max(253).describe('BackupTarget.'),
  targetUid: z.string().max(63).optional().describe('Its uid.'),
  location: z.string().max(1024).optional().describe('Where the repository lies.'),
  phase: z.enum(copyPhases).describe('Where the copy is. Only Complete is a copy.'),
  id: z.string().max(63).optional().describe('Id of the recovery point: that of the snapshot set. Everything of it has the tag set=<id> in the repository.'),
  recoveryPoint: z.string().max(64).optional().describe('Id in the repository of what was written last: which volumes belong together, and the configuration.'),
  startedAt: time.optional().describe('When it began.'),
  completedAt: time.optional().describe('When it was complete.'),
  bytesDone: bytes.optional().describe('Bytes read so far.'),
  bytesTotal: bytes.optional().describe('Bytes found so far.'),
  bytesAdded: bytes.optional().describe('Bytes that were new in the repository, as they are stored.'),
  percent: z.int().min(0).max(100).optional().describe('Bytes read, of those found.'),
  etaSeconds: z.int().min(0).optional().describe('How long the volumes that are copied now will still take.'),
  failures: z.int().min(0).optional().describe('Failures since something last succeeded.'),
  retryAt: time.optional().describe('Nothing new is begun before.'),
  reason: z.string().max(64).optional().describe('Why it does not go on: a code of docs/errors.md.'),
  message: z.string().max(2048).optional().describe('A sentence for people.'),
  lockedBy: z.array(z.string().max(253)).max(16).optional().describe('Pods whose locks were in the way.'),
  sealAttempt: z.int().min(0).optional().describe('How often the recovery point was begun.'),
  forgetAttempt: z.int().min(0).optional().describe('How often its removal was begun.'),
  volumes: z.array(copyVolume).max(256).optional().describe('Volumes of it.'),
});
export type CopyStatus = z.infer<typeof copy>;

const retained = z.strictObject({
  namespace: z.string().max(63).describe('Namespace of the operator, in which it lies.'),
  secret: z.string().max(253).describe('Its first Secret; the uid of this AppSnapshot is in the name.'),
  complete: z.boolean().describe('True: all of it is there. False: it is being written or undone; what is deleted now is not retained.'),
  retryAt: time.optional().describe('It is not tried again before.'),
});
export type RetainedStatus = z.infer<typeof retained>;

export const appSnapshotStatus = z.strictObject({
  observedGeneration: z.int().min(0).optional().describe('Generation of the spec that the status speaks about.'),
  phase: z.enum(snapshotPhases).optional().describe('Where the copy is in its life.'),
  grade: gradeSchema.optional().describe('What the copy is proven to be: the least of its applications.'),
  reasons: z.array(z.string().max(512)).max(32).optional().describe('Why the grade is not higher, or why there is no copy.'),
  attempts: z.int().min(0).optional().describe('Windows opened so far.'),
  setId: z.string().max(63).optional().describe('Id of the snapshot set: label of all its snapshots.'),
  window: windowStatus.optional().describe('The window that made the copy.'),
  applications: z.array(applicationStatus).max(32).optional().describe('Applications in the copy.'),
  holds: z.array(hold).max(128).optional().describe('Holds of the newest window. Named before anything is frozen.'),
  members: z.array(member).max(256).optional().describe('Volumes in the copy, fixed by the plan.'),
  membersReady: z.string().max(16).optional().describe('Volumes whose snapshot is ready, of all volumes in the copy: 2/2.'),
  size: z.string().max(64).optional().describe('Sum of the restore sizes.'),
  capture: z
    .strictObject({
      objects: z.int().min(0).describe('Objects saved.'),
      digest: z.string().max(128).describe('SHA-256 over the captured objects without runtime fields.'),
      secrets: z.array(z.string().max(253)).max(64).describe('Secrets that hold them, in order.'),
      missing: z.array(z.string().max(512)).max(64).optional().describe('Resources that the account may not list.'),
    })
    .optional()
    .describe('Configuration saved with the copy.'),
  copies: listBy('target', copy, 4).optional().describe('Copies outside the storage of the cluster.'),
  copiesComplete: z.string().max(16).optional().describe('Targets in which the copy is complete, of all that it is written to: 1/2.'),
  retained: retained.optional().describe('The recovery point that stays when this object or its namespace is deleted.'),
  completionTime: time.optional().describe('When the copy became ready.'),
  expiresAt: time.optional().describe('When its data will be removed.'),
  verified: z
    .strictObject({
      at: time.describe('When the last check ended.'),
      by: z.string().max(512).describe('The AppRestore that checked it.'),
      checks: z.int().min(0).describe('Checks that passed.'),
      target: z.string().max(253).optional().describe('The BackupTarget that it was read from; not there when its snapshots were.'),
    })
    .optional()
    .describe('The newest restore whose checks all passed.'),
  conditions: conditions.optional(),
});
export type AppSnapshotStatus = z.infer<typeof appSnapshotStatus>;
