import type { Blocker } from './adapter.js';
import type { ContainerView, PodView } from './view.js';

/** A path of the server's data, resolved inside its container. */
export interface DataPath {
  /** `data directory`, `WAL directory`, `tablespace NAME`, … */
  readonly what: string;
  readonly path: string;
}

export interface Located {
  /** What → claim that holds it. */
  readonly claims: Readonly<Record<string, string>>;
  readonly blockers: readonly Blocker[];
}

interface Mount {
  readonly volume: string;
  readonly path: string;
}

/**
 * Finds the claim under every path: the longest mount path wins. A path on anything but a claim of the copy is a
 * blocker, and so is another volume mounted below a path. Pure.
 * @param resolved mount path as the pod names it → as the container resolves it (`/var/run` is often a link)
 * @param claims names of the claims in the copy
 */
export function locate(paths: readonly DataPath[], pod: PodView, container: ContainerView, resolved: ReadonlyMap<string, string>, claims: ReadonlySet<string>): Located {
  const mounts = mountsOf(container, resolved);
  const found: Record<string, string> = {};
  const blockers: Blocker[] = [];
  for (const { what, path } of paths) {
    const mount = mountUnder(path, mounts);
    const claim = mount === undefined ? undefined : pod.claims[mount.volume];
    if (claim !== undefined && claims.has(claim)) found[what] = claim;
    else blockers.push(outside(what, path, mount, claim, pod, container));
    blockers.push(...mountedBelow(path, mounts, pod, claims).map((m) => outside(what, m.path, m, pod.claims[m.volume], pod, container)));
  }
  return { claims: found, blockers: distinct(blockers) };
}

/** The volume of the pod on which a resolved path lies; undefined in the container's own file system. Pure. */
export function volumeUnder(path: string, container: ContainerView, resolved: ReadonlyMap<string, string>): string | undefined {
  return mountUnder(path, mountsOf(container, resolved))?.volume;
}

function mountsOf(container: ContainerView, resolved: ReadonlyMap<string, string>): Mount[] {
  return container.mounts.map((m) => ({ volume: m.volume, path: withoutSlash(resolved.get(m.mountPath) ?? m.mountPath) }));
}

function mountUnder(path: string, mounts: readonly Mount[]): Mount | undefined {
  return mounts.filter((m) => isWithin(path, m.path)).sort((a, b) => b.path.length - a.path.length)[0];
}

/** Volumes below a data path that the copy would lack. The directory of temporary statistics is empty at every start. */
function mountedBelow(path: string, mounts: readonly Mount[], pod: PodView, claims: ReadonlySet<string>): Mount[] {
  return mounts.filter((m) => {
    const claim = pod.claims[m.volume];
    return m.path !== path && isWithin(m.path, path) && !m.path.endsWith('/pg_stat_tmp') && (claim === undefined || !claims.has(claim));
  });
}

function outside(what: string, path: string, mount: Mount | undefined, claim: string | undefined, pod: PodView, container: ContainerView): Blocker {
  const where = `Pod ${pod.metadata.name}, container ${container.name}: the ${what} (${path})`;
  if (mount === undefined) {
    return { code: 'DataOutsideSet', message: `${where} lies in the container's own file system, which no snapshot holds: move it to a claim.` };
  }
  if (claim === undefined) {
    return { code: 'DataOutsideSet', message: `${where} lies on the volume ${mount.volume} mounted at ${mount.path}, which is no claim: move it to a claim.` };
  }
  return { code: 'DataOutsideSet', message: `${where} lies on the claim ${claim} mounted at ${mount.path}, which is not part of the copy: let spec.selector match that claim.` };
}

function distinct(blockers: readonly Blocker[]): Blocker[] {
  return [...new Map(blockers.map((b) => [b.message, b])).values()];
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
