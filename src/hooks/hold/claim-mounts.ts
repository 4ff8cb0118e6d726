import type { ClaimView, ContainerView, NamespaceView, PodView } from '../view.js';
import { isLive } from '../workload.js';

/** One claim in one container. */
export interface ClaimMount {
  readonly pod: PodView;
  readonly container: ContainerView;
  readonly claim: ClaimView;
  /** Mount path, or device path of a raw block volume. */
  readonly path: string;
  readonly block: boolean;
  readonly readOnly: boolean;
}

/** Every claim of the copy in every container of every pod that has not ended; one entry a claim and container, the writable one first. */
export function claimMounts(view: NamespaceView, claims: ReadonlySet<string>): ClaimMount[] {
  const byName = new Map(view.claims.filter((c) => claims.has(c.metadata.name)).map((c) => [c.metadata.name, c]));
  return view.pods.filter(isLive).flatMap((pod) =>
    pod.containers.flatMap((container) => {
      const found = new Map<string, ClaimMount>();
      for (const mount of mountsOf(pod, container, byName)) {
        const name = mount.claim.metadata.name;
        if (found.get(name)?.readOnly !== false) found.set(name, mount);
      }
      return [...found.values()];
    }),
  );
}

function mountsOf(pod: PodView, container: ContainerView, claims: ReadonlyMap<string, ClaimView>): ClaimMount[] {
  const claimOf = (volume: string): ClaimView | undefined => claims.get(pod.claims[volume] ?? '');
  const files = container.mounts.map((m) => ({ claim: claimOf(m.volume), path: m.mountPath, block: false, readOnly: m.readOnly }));
  const devices = container.devices.map((d) => ({ claim: claimOf(d.volume), path: d.devicePath, block: true, readOnly: false }));
  return [...files, ...devices].flatMap(({ claim, ...rest }) => (claim === undefined ? [] : [{ pod, container, claim, ...rest }]));
}

/** Identity of a container that mounts a claim: it changes with every restart. */
export function mounterOf({ pod, container }: ClaimMount): string {
  return `${pod.metadata.uid ?? ''}/${container.name}/${container.containerId ?? ''}`;
}
