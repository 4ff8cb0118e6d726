import type { AttributesView, ClaimView, ContainerView, PodView } from '../hooks/view.js';
import type { KubeObject, ObjectMeta } from '../runtime/object.js';
import { shareNothing, type Share } from '../runtime/sharing.js';

/** Projections: what the caches keep of objects of others. Everything else is dropped before it is held in memory. */

interface RawProbe {
  failureThreshold?: number;
  periodSeconds?: number;
  timeoutSeconds?: number;
}

interface RawContainer {
  name: string;
  image?: string;
  restartPolicy?: string;
  restartPolicyRules?: unknown[];
  ports?: { containerPort: number }[];
  volumeMounts?: { name: string; mountPath: string; subPath?: string; subPathExpr?: string; readOnly?: boolean }[];
  volumeDevices?: { name: string; devicePath: string }[];
  livenessProbe?: RawProbe;
  readinessProbe?: RawProbe;
  startupProbe?: RawProbe;
}

interface RawContainerStatus {
  name: string;
  containerID?: string;
  ready?: boolean;
  started?: boolean;
  state?: { running?: unknown; terminated?: { exitCode?: number } };
}

interface RawPod extends KubeObject {
  spec?: {
    nodeName?: string;
    hostNetwork?: boolean;
    shareProcessNamespace?: boolean;
    restartPolicy?: string;
    containers?: RawContainer[];
    initContainers?: RawContainer[];
    ephemeralContainers?: RawContainer[];
    volumes?: { name: string; persistentVolumeClaim?: { claimName: string; readOnly?: boolean }; ephemeral?: unknown; emptyDir?: unknown }[];
  };
  status?: { phase?: string; podIP?: string; containerStatuses?: RawContainerStatus[]; initContainerStatuses?: RawContainerStatus[]; ephemeralContainerStatuses?: RawContainerStatus[] };
}

const keptMeta = ['namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'deletionTimestamp', 'labels', 'annotations', 'finalizers', 'ownerReferences'] as const;
/** What the objects of one workload have in common. */
const alike: ReadonlySet<string> = new Set(['namespace', 'labels', 'annotations', 'finalizers', 'ownerReferences']);

/** Metadata without what only other clients need. */
export function projectMeta(meta: ObjectMeta, share: Share = shareNothing): ObjectMeta {
  const kept = keptMeta.flatMap((field) => (meta[field] === undefined ? [] : [[field, alike.has(field) ? share(meta[field]) : meta[field]]]));
  return { name: meta.name, ...(Object.fromEntries(kept) as Partial<ObjectMeta>) };
}

/** Pod → {@link PodView}. */
export function projectPod(object: KubeObject, share: Share = shareNothing): PodView {
  const pod = object as RawPod;
  const statuses = new Map(
    [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.ephemeralContainerStatuses ?? [])].map((s) => [s.name, s]),
  );
  const sidecars = (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always');
  const containers = [...(pod.spec?.containers ?? []), ...sidecars, ...(pod.spec?.ephemeralContainers ?? [])];
  const claims = Object.fromEntries(
    (pod.spec?.volumes ?? []).flatMap((v) => {
      if (v.persistentVolumeClaim !== undefined) return [[v.name, v.persistentVolumeClaim.claimName]];
      return v.ephemeral === undefined ? [] : [[v.name, `${pod.metadata.name}-${v.name}`]];
    }),
  );
  const metadata = projectMeta(pod.metadata, share);
  return {
    metadata,
    phase: share(pod.status?.phase ?? 'Unknown'),
    nodeName: share(pod.spec?.nodeName),
    podIP: pod.status?.podIP,
    hostNetwork: pod.spec?.hostNetwork === true,
    shareProcessNamespace: pod.spec?.shareProcessNamespace === true,
    owners: metadata.ownerReferences ?? [],
    containers: containers.map((c) => projectContainer(c, statuses.get(c.name), pod, share)),
    claims,
    emptyDirs: share((pod.spec?.volumes ?? []).filter((v) => v.emptyDir !== undefined).map((v) => v.name)),
  };
}

function projectContainer(c: RawContainer, status: RawContainerStatus | undefined, { spec }: RawPod, share: Share): ContainerView {
  const id = status?.containerID;
  // Such a volume is read-only in every container (PersistentVolumeClaimVolumeSource.readOnly).
  const readOnly = new Set((spec?.volumes ?? []).filter((v) => v.persistentVolumeClaim?.readOnly === true).map((v) => v.name));
  return {
    name: share(c.name),
    image: share(c.image ?? ''),
    containerId: id === undefined || id === '' ? undefined : id.replace(/^[a-z0-9-]+:\/\//, ''),
    running: status?.state?.running !== undefined,
    ready: status?.ready === true,
    ended: hasEnded(c, status, spec),
    starting: c.startupProbe !== undefined && status?.started !== true,
    sidecar: spec?.initContainers?.includes(c) === true,
    ports: share((c.ports ?? []).map((p) => p.containerPort)),
    mounts: share((c.volumeMounts ?? []).map((m) => ({ volume: m.name, mountPath: m.mountPath, subPath: m.subPath ?? m.subPathExpr, readOnly: m.readOnly === true || readOnly.has(m.name) }))),
    devices: share((c.volumeDevices ?? []).map((d) => ({ volume: d.name, devicePath: d.devicePath }))),
    livenessBudgetMillis: probeBudget(c.livenessProbe),
    readinessBudgetMillis: probeBudget(c.readinessProbe),
  };
}

/** Ended for good: ephemeral containers are never started again, others by their restart policy. A restart rule can say anything, also of other containers. */
function hasEnded(c: RawContainer, status: RawContainerStatus | undefined, spec: RawPod['spec']): boolean {
  const end = status?.state?.terminated;
  if (end === undefined) return false;
  if (spec?.ephemeralContainers?.includes(c) === true) return true;
  if ((spec?.containers ?? []).some((own) => own.restartPolicyRules !== undefined)) return false;
  const policy = c.restartPolicy ?? spec?.restartPolicy ?? 'Always';
  return policy === 'Never' || (policy === 'OnFailure' && end.exitCode === 0);
}

/** How long a container may be silent before this probe has failed for good, in ms (3.3); Kubernetes' own defaults 3, 10 s, 1 s. */
function probeBudget(probe: RawProbe | undefined): number | undefined {
  if (probe === undefined) return undefined;
  return (((probe.failureThreshold ?? 3) - 1) * (probe.periodSeconds ?? 10) - (probe.timeoutSeconds ?? 1)) * 1000;
}

/** Projection of a claim before it is joined with its volume. */
export type ClaimProjection = Omit<ClaimView, 'driver' | 'volumeHandle'>;

interface RawClaim extends KubeObject {
  spec?: {
    volumeName?: string;
    volumeMode?: string;
    accessModes?: string[];
    storageClassName?: string;
    volumeAttributesClassName?: string;
    resources?: { requests?: { storage?: string } };
  };
  status?: {
    phase?: string;
    capacity?: { storage?: string };
    currentVolumeAttributesClassName?: string;
    modifyVolumeStatus?: { status?: string };
    conditions?: { type: string; status: string; message?: string }[];
  };
}

export function projectClaim(object: KubeObject, share: Share = shareNothing): ClaimProjection {
  const claim = object as RawClaim;
  return {
    metadata: projectMeta(claim.metadata, share),
    phase: share(claim.status?.phase ?? 'Pending'),
    volumeName: claim.spec?.volumeName,
    volumeMode: claim.spec?.volumeMode === 'Block' ? 'Block' : 'Filesystem',
    accessModes: share(claim.spec?.accessModes ?? []),
    storageClassName: share(claim.spec?.storageClassName),
    requested: share(claim.spec?.resources?.requests?.storage ?? '0'),
    capacity: share(claim.status?.capacity?.storage),
    ...changesOf(claim),
  };
}

/** Conditions of a claim whose expansion has not ended: of the sidecar external-resizer and of the node. */
const resizing = new Set(['Resizing', 'FileSystemResizePending', 'ControllerResizeError', 'NodeResizeError']);

/** What is being changed of its volume; of most nothing. */
function changesOf({ spec, status }: RawClaim): Pick<ClaimView, 'attributes' | 'resizing'> {
  const holds = (status?.conditions ?? []).filter((c) => c.status === 'True');
  const attributes: AttributesView = {
    wanted: spec?.volumeAttributesClassName,
    current: status?.currentVolumeAttributesClassName,
    state: status?.modifyVolumeStatus?.status,
    error: holds.find((c) => c.type === 'ModifyVolumeError')?.message,
  };
  const said = holds.filter((c) => resizing.has(c.type)).flatMap(({ message = '' }) => (message === '' ? [] : [message]));
  return { ...(Object.values(attributes).some((value) => value !== undefined) ? { attributes } : {}), ...(said.length === 0 ? {} : { resizing: said.join(' ') }) };
}

/** Projection of a PersistentVolume: what tells its driver, and the classes that it has. */
export interface VolumeProjection {
  readonly metadata: ObjectMeta;
  readonly driver: string | undefined;
  readonly volumeHandle: string | undefined;
  readonly storageClassName: string | undefined;
  readonly attributesClass: string | undefined;
}

interface RawVolume extends KubeObject {
  spec?: { csi?: { driver?: string; volumeHandle?: string }; storageClassName?: string; volumeAttributesClassName?: string };
}

export function projectVolume(object: KubeObject): VolumeProjection {
  const { csi, storageClassName, volumeAttributesClassName } = (object as RawVolume).spec ?? {};
  return { metadata: projectMeta(object.metadata), driver: csi?.driver, volumeHandle: csi?.volumeHandle, storageClassName, attributesClass: volumeAttributesClassName };
}

/** Projection of a VolumeSnapshot or VolumeGroupSnapshot: enough to wake up who waits for it. */
export interface SnapshotProjection {
  readonly metadata: ObjectMeta;
  readonly readyToUse: boolean;
}

export function projectSnapshot(object: KubeObject): SnapshotProjection {
  const status = (object as KubeObject & { status?: { readyToUse?: boolean } }).status;
  return { metadata: projectMeta(object.metadata), readyToUse: status?.readyToUse === true };
}
