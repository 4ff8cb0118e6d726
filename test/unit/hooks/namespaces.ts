import type { ContainerView, NamespaceView, PodView } from '../../../src/hooks/view.js';

/** Builders of fixture objects: everything that a test does not name is what a plain running pod has. */
export function container(name: string, image: string, part: Partial<ContainerView> = {}): ContainerView {
  return {
    name,
    image,
    containerId: `id-${name}`,
    running: true,
    ready: true,
    ended: false,
    starting: false,
    sidecar: false,
    ports: [],
    mounts: [],
    devices: [],
    livenessBudgetMillis: undefined,
    readinessBudgetMillis: undefined,
    ...part,
  };
}

interface PodPart {
  readonly labels?: Record<string, string>;
  readonly owner?: { readonly apiVersion?: string; readonly kind: string; readonly name: string };
  readonly phase?: string;
  /** Volume name → claim name. */
  readonly claims?: Record<string, string>;
  readonly emptyDirs?: readonly string[];
  readonly containers: readonly ContainerView[];
}

export function pod(name: string, part: PodPart): PodView {
  const owners = part.owner === undefined ? [] : [{ apiVersion: 'apps/v1', uid: 'owner', controller: true, ...part.owner }];
  return {
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, ...(part.labels !== undefined && { labels: part.labels }) },
    phase: part.phase ?? 'Running',
    nodeName: 'node',
    podIP: '10.0.0.1',
    hostNetwork: false,
    shareProcessNamespace: false,
    owners,
    containers: part.containers,
    claims: part.claims ?? { data: `data-${name}` },
    emptyDirs: part.emptyDirs ?? [],
  };
}

export function namespace(...pods: readonly PodView[]): NamespaceView {
  return { namespace: 'shop', pods, claims: [] };
}

/** Names of all claims that the pods mount. */
export function allClaims(view: NamespaceView): ReadonlySet<string> {
  return new Set(view.pods.flatMap((p) => Object.values(p.claims)));
}
