import { labels } from '../api/common.js';
import { appRestores, appSnapshots, backupTargets, storageClusters, volumePolicies, type AppRestore, type AppSnapshot, type BackupTarget, type StorageCluster, type VolumePolicy } from '../api/kinds.js';
import type { ClaimView, NamespaceView, PodView } from '../hooks/view.js';
import type { Logger } from '../observability/logger.js';
import { createCache, type Cache, type Projected } from '../runtime/cache.js';
import type { Clock } from '../runtime/clock.js';
import type { KubeObject } from '../runtime/object.js';
import { persistentVolumeClaims, persistentVolumes, pods, secrets, volumeAttachments, volumeSnapshotContents, volumeSnapshots } from '../runtime/resource.js';
import { createSharing } from '../runtime/sharing.js';
import type { Transport } from '../runtime/transport.js';
import type { GroupTypes } from '../snapshots/capability.js';
import { projectContent, type ContentView } from '../snapshots/contents.js';
import { sourceKeys, targetKeys } from './copy-keys.js';
import { projectClaim, projectMeta, projectPod, projectSnapshot, projectVolume, type ClaimProjection, type SnapshotProjection, type VolumeProjection } from './views.js';

/** A VolumeAttachment, as far as it says which volume may still be written. */
export interface AttachmentProjection extends Projected {
  readonly volumeName: string | undefined;
}

/** Every cache of the operator; one place per kind. */
export interface Caches {
  readonly appSnapshots: Cache<AppSnapshot>;
  readonly appRestores: Cache<AppRestore>;
  readonly volumePolicies: Cache<VolumePolicy>;
  readonly backupTargets: Cache<BackupTarget>;
  readonly storageClusters: Cache<StorageCluster>;
  readonly pods: Cache<PodView>;
  readonly claims: Cache<ClaimProjection>;
  readonly volumes: Cache<VolumeProjection>;
  readonly attachments: Cache<AttachmentProjection>;
  readonly volumeSnapshots: Cache<SnapshotProjection>;
  /** Undefined where the API for group snapshots is not served. */
  readonly groupSnapshots: Cache<SnapshotProjection> | undefined;
  /** Contents of both kinds: a window sees its cut here. */
  readonly snapshotContents: Cache<ContentView>;
  readonly groupSnapshotContents: Cache<ContentView> | undefined;
  /** First Secrets of retained recovery points, without what they hold. */
  readonly retained: Cache<Projected>;
}

/** Pods of the agent are found by this label, in the agent's namespace. */
const agentLabel = 'app.kubernetes.io/name';
const agentName = 'stillpoint-agent';

/** Creates all caches, not yet started. `group`: the best served version of group snapshots, or undefined; `namespace`: the operator's own. */
export function createCaches(options: { transport: Transport; clock: Clock; log: Logger; group: GroupTypes | undefined; namespace: string }): Caches {
  const { transport, clock, log, group, namespace } = options;
  const base = { transport, clock, log };
  const share = createSharing();
  return {
    appSnapshots: createCache<AppSnapshot>({ ...base, type: appSnapshots, project: (object) => object as unknown as AppSnapshot, indexes: { uid: byUid, policy: (o) => valueOf(o.metadata.labels?.[labels.policy]), copy: targetKeys } }),
    appRestores: createCache<AppRestore>({
      ...base,
      type: appRestores,
      project: (object) => object as unknown as AppRestore,
      indexes: { uid: byUid, target: (o) => [o.spec.into?.namespace ?? o.metadata.namespace], source: sourceKeys },
    }),
    volumePolicies: createCache<VolumePolicy>({ ...base, type: volumePolicies, project: (object) => object as unknown as VolumePolicy, indexes: { uid: byUid } }),
    backupTargets: createCache<BackupTarget>({ ...base, type: backupTargets, project: (object) => object as unknown as BackupTarget, indexes: { uid: byUid } }),
    storageClusters: createCache<StorageCluster>({ ...base, type: storageClusters, project: (object) => object as unknown as StorageCluster }),
    pods: createCache<PodView>({
      ...base,
      type: pods,
      project: (object) => projectPod(object, share),
      indexes: { agentNode: (p) => (p.metadata.labels?.[agentLabel] === agentName && p.nodeName !== undefined ? [p.nodeName] : []) },
    }),
    claims: createCache<ClaimProjection>({ ...base, type: persistentVolumeClaims, project: (object) => projectClaim(object, share) }),
    volumes: createCache<VolumeProjection>({ ...base, type: persistentVolumes, project: projectVolume }),
    attachments: createCache<AttachmentProjection>({ ...base, type: volumeAttachments, project: projectAttachment }),
    volumeSnapshots: createCache<SnapshotProjection>({ ...base, type: volumeSnapshots, project: projectSnapshot }),
    groupSnapshots: group === undefined ? undefined : createCache<SnapshotProjection>({ ...base, type: group.groups, project: projectSnapshot, indexes: { uid: byUid } }),
    snapshotContents: createCache<ContentView>({ ...base, type: volumeSnapshotContents, project: projectContent }),
    groupSnapshotContents: group === undefined ? undefined : createCache<ContentView>({ ...base, type: group.contents, project: projectContent }),
    retained: createCache<Projected>({
      ...base,
      type: secrets,
      namespace,
      labelSelector: `${labels.retained}=true`,
      project: ({ metadata }) => ({ metadata: projectMeta(metadata) }),
      indexes: { appSnapshot: (secret) => valueOf(secret.metadata.labels?.[labels.appSnapshot]) },
    }),
  };
}

function byUid(object: Projected): readonly string[] {
  return valueOf(object.metadata.uid);
}

function valueOf(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [text];
}

function projectAttachment(object: KubeObject): AttachmentProjection {
  const spec = (object as KubeObject & { spec?: { source?: { persistentVolumeName?: string } } }).spec;
  return { metadata: { name: object.metadata.name }, volumeName: spec?.source?.persistentVolumeName };
}

/** All caches as a list, for starting and for readiness. */
export function allCaches(caches: Caches): Cache<Projected>[] {
  return Object.values(caches).filter((c) => c !== undefined) as Cache<Projected>[];
}

/** The namespace as detection sees it: pods, and claims joined with their volumes. */
export function namespaceView(caches: Caches, namespace: string): NamespaceView {
  return {
    namespace,
    pods: caches.pods.list(namespace),
    claims: caches.claims.list(namespace).map((claim) => joinVolume(claim, caches)),
  };
}

function joinVolume(claim: ClaimProjection, caches: Caches): ClaimView {
  const volume = claim.volumeName === undefined ? undefined : caches.volumes.get(claim.volumeName);
  return { ...claim, driver: volume?.driver, volumeHandle: volume?.volumeHandle };
}

/** The ready agent pod on a node, if there is one. */
export function agentOn(caches: Caches, node: string, agentNamespace: string): PodView | undefined {
  return caches.pods
    .by('agentNode', node)
    .find((p) => p.metadata.namespace === agentNamespace && p.metadata.deletionTimestamp === undefined && p.containers.every((c) => c.ready));
}

/** Names of the PersistentVolumes that some VolumeAttachment names. */
export function attachedVolumes(caches: Caches): ReadonlySet<string> {
  return new Set(caches.attachments.list().flatMap((a) => (a.volumeName === undefined ? [] : [a.volumeName])));
}
