import type { Client } from './client.js';
import type { ResourceType } from './resource.js';

const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** A resource type as the server offers it. */
export interface ServedResource extends ResourceType {
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** Names below the object: `status`, `scale`, `exec`. */
  readonly subresources: readonly string[];
  /** The server could not reach the extension API server behind this type: it may be missing or outdated. */
  readonly stale: boolean;
}

/** What a server offers, at one moment. */
export interface Discovery {
  /** Every type in every version, within a group in the server's order of preference. */
  readonly resources: readonly ServedResource[];
  /** Groups of which the server could not say what they offer. */
  readonly staleGroups: readonly string[];
  /** The first of these versions that the server offers for the type; undefined when it offers none. */
  bestVersion(group: string, plural: string, versions: readonly string[]): ServedResource | undefined;
  /** The type in the version that the server prefers. */
  preferred(group: string, plural: string): ServedResource | undefined;
  /** The type of an object by its apiVersion and kind. */
  byKind(apiVersion: string, kind: string): ServedResource | undefined;
  /** All namespaced types that can be listed, each once, in the preferred version. */
  namespacedListable(): ServedResource[];
}

interface GroupList {
  readonly items?: readonly Group[];
}

interface Group {
  readonly metadata?: { readonly name?: string };
  readonly versions?: readonly {
    readonly version: string;
    readonly freshness?: string;
    readonly resources?: readonly Resource[];
  }[];
}

interface Resource {
  readonly resource: string;
  readonly responseKind?: { readonly kind?: string };
  readonly scope?: 'Cluster' | 'Namespaced';
  readonly verbs?: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly { readonly subresource: string }[];
}

/** Asks the server what it offers: aggregated discovery, two requests. */
export async function discover(client: Pick<Client, 'raw'>): Promise<Discovery> {
  const [core, groups] = await Promise.all([client.raw('/api', { accept }), client.raw('/apis', { accept })]);
  return discoveryOf([...((core as GroupList).items ?? []), ...((groups as GroupList).items ?? [])]);
}

function discoveryOf(groups: readonly Group[]): Discovery {
  const resources = groups.flatMap(resourcesOf);
  const find = (group: string, plural: string): ServedResource[] => resources.filter((r) => r.group === group && r.plural === plural);
  return {
    resources,
    staleGroups: groups.filter((g) => g.versions?.some((v) => v.freshness === 'Stale') === true).map((g) => g.metadata?.name ?? ''),
    bestVersion: (group, plural, versions) => {
      const offered = find(group, plural);
      return versions.map((version) => offered.find((r) => r.version === version)).find((r) => r !== undefined);
    },
    preferred: (group, plural) => find(group, plural)[0],
    byKind: (apiVersion, kind) => resources.find((r) => r.kind === kind && (r.group === '' ? r.version : `${r.group}/${r.version}`) === apiVersion),
    namespacedListable: () => {
      const seen = new Map<string, ServedResource>();
      for (const r of resources) {
        const name = `${r.plural}.${r.group}`;
        if (r.namespaced && r.verbs.includes('list') && !seen.has(name)) seen.set(name, r);
      }
      return [...seen.values()];
    },
  };
}

function resourcesOf(group: Group): ServedResource[] {
  return (group.versions ?? []).flatMap((version) =>
    (version.resources ?? []).map((resource) => ({
      group: group.metadata?.name ?? '',
      version: version.version,
      plural: resource.resource,
      kind: resource.responseKind?.kind ?? '',
      namespaced: resource.scope === 'Namespaced',
      verbs: resource.verbs ?? [],
      shortNames: resource.shortNames ?? [],
      categories: resource.categories ?? [],
      subresources: (resource.subresources ?? []).map((s) => s.subresource),
      stale: version.freshness === 'Stale',
    })),
  );
}
