import type { KubeObject } from '../runtime/object.js';
import { moverId, type RunAs } from './job.js';

interface SecurityContext {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly fsGroup?: number;
  readonly supplementalGroups?: readonly number[];
  readonly seLinuxOptions?: Readonly<Record<string, string>>;
}

interface Container {
  readonly name: string;
  readonly securityContext?: SecurityContext;
  readonly volumeMounts?: readonly { readonly name: string }[];
}

/** A pod, as far as it says as whom it reads its volumes. */
export interface ReadingPod extends KubeObject {
  readonly spec?: {
    readonly securityContext?: SecurityContext;
    readonly containers?: readonly Container[];
    readonly volumes?: readonly { readonly name: string; readonly persistentVolumeClaim?: { readonly claimName: string }; readonly ephemeral?: unknown }[];
  };
  readonly status?: { readonly containerStatuses?: readonly { readonly name: string; readonly user?: { readonly linux?: { readonly uid?: number; readonly gid?: number; readonly supplementalGroups?: readonly number[] } } }[] };
}

/** Where nobody says who reads a volume. */
const nobody: RunAs = { user: moverId, group: moverId, groups: [] };

/**
 * As whom the first container of these pods that mounts the claim runs: as the kubelet reports it, else as the spec asks; where both are silent (the user of the
 * image, which no API tells) as nobody. The group of its volumes counts as one of its groups. Pure.
 */
export function runAsOf(pods: readonly ReadingPod[], claim: string): RunAs {
  for (const pod of pods) {
    const volume = pod.spec?.volumes?.find((v) => (v.persistentVolumeClaim?.claimName ?? (v.ephemeral === undefined ? undefined : `${pod.metadata.name}-${v.name}`)) === claim);
    const container = pod.spec?.containers?.find((c) => c.volumeMounts?.some((m) => m.name === volume?.name));
    if (volume === undefined || container === undefined) continue;
    const found = asContainer(pod, container);
    if (found !== undefined) return found;
  }
  return nobody;
}

function asContainer({ spec, status }: ReadingPod, container: Container): RunAs | undefined {
  const reported = status?.containerStatuses?.find((s) => s.name === container.name)?.user?.linux;
  const [own, pod] = [container.securityContext, spec?.securityContext];
  const user = reported?.uid ?? own?.runAsUser ?? pod?.runAsUser;
  if (user === undefined) return undefined;
  const group = reported?.gid ?? own?.runAsGroup ?? pod?.runAsGroup ?? user;
  const groups = [...(reported?.supplementalGroups ?? []), ...(pod?.supplementalGroups ?? []), ...(pod?.fsGroup === undefined ? [] : [pod.fsGroup])];
  const seLinux = own?.seLinuxOptions ?? pod?.seLinuxOptions;
  const fsGroup = pod?.fsGroup;
  return { user, group, groups: [...new Set(groups)].filter((g) => g !== group).slice(0, 32), ...(fsGroup === undefined ? {} : { fsGroup }), ...(seLinux === undefined ? {} : { seLinux }) };
}
