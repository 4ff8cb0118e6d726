import type { ObjectMeta, OwnerReference } from '../runtime/object.js';

/** What this code knows of a container: projection of the pod's spec and status. */
export interface ContainerView {
  readonly name: string;
  readonly image: string;
  /** Id at the runtime, without the `containerd://` prefix; undefined while it does not run. */
  readonly containerId: string | undefined;
  readonly running: boolean;
  readonly ready: boolean;
  /** Its process has ended and nothing starts one again: it can write no more. */
  readonly ended: boolean;
  /** Its startup probe has not passed yet; what is left of its patience is not known. */
  readonly starting: boolean;
  /** Starts and ends with the pod but is listed among the init containers (restartPolicy Always). */
  readonly sidecar: boolean;
  readonly ports: readonly number[];
  readonly mounts: readonly { readonly volume: string; readonly mountPath: string; readonly subPath: string | undefined; readonly readOnly: boolean }[];
  /** Raw block volumes (`volumeDevices`). */
  readonly devices: readonly { readonly volume: string; readonly devicePath: string }[];
  /** `(failureThreshold − 1) · period − timeout` of the liveness probe in ms; undefined without one. */
  readonly livenessBudgetMillis: number | undefined;
  /** The same of the readiness probe: a soft limit. */
  readonly readinessBudgetMillis: number | undefined;
}

/** Projection of a pod. */
export interface PodView {
  readonly metadata: ObjectMeta;
  readonly phase: string;
  readonly nodeName: string | undefined;
  readonly podIP: string | undefined;
  readonly hostNetwork: boolean;
  readonly shareProcessNamespace: boolean;
  readonly owners: readonly OwnerReference[];
  readonly containers: readonly ContainerView[];
  /** Volume name in the pod → claim name. */
  readonly claims: Readonly<Record<string, string>>;
  /** Names of its emptyDir volumes: nothing but its own containers can reach them. */
  readonly emptyDirs: readonly string[];
}

/** Projection of a claim, joined with its volume. */
export interface ClaimView {
  readonly metadata: ObjectMeta;
  readonly phase: string;
  readonly volumeName: string | undefined;
  readonly volumeMode: 'Filesystem' | 'Block';
  readonly accessModes: readonly string[];
  readonly storageClassName: string | undefined;
  /** Requested size, as a Kubernetes quantity. */
  readonly requested: string;
  readonly capacity: string | undefined;
  /** From the PersistentVolume; undefined when unbound or not CSI. */
  readonly driver: string | undefined;
  readonly volumeHandle: string | undefined;
  /** How it stands to VolumeAttributesClasses; absent: it has nothing to do with any. */
  readonly attributes?: AttributesView;
  /** What is said of an expansion that has not ended. */
  readonly resizing?: string;
}

/** What a claim says of VolumeAttributesClasses. */
export interface AttributesView {
  readonly wanted: string | undefined;
  readonly current: string | undefined;
  /** Pending, InProgress or Infeasible while the storage has not done it. */
  readonly state: string | undefined;
  readonly error: string | undefined;
}

/** One namespace as detection sees it. */
export interface NamespaceView {
  readonly namespace: string;
  readonly pods: readonly PodView[];
  readonly claims: readonly ClaimView[];
}
