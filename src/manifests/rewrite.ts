import type { CapturedObject } from './captured.js';
import { hostPaths, mapHosts } from './hosts.js';
import { imagePaths, mapImage } from './images.js';
import { dropAt, editAt, record, type Json, type Path } from './json.js';
import { kindKey } from './pod-templates.js';
import { larger } from './quantity.js';
import { accountPaths, namespacePaths, storageClassPaths } from './references.js';

/** Names that are replaced by others, from: to. Names without an entry stay. */
export interface ReferenceMaps {
  readonly namespaces: Readonly<Record<string, string>>;
  readonly storageClasses: Readonly<Record<string, string>>;
  /** References to images, or beginnings of them. */
  readonly images?: Readonly<Record<string, string>> | undefined;
  /** DNS hosts. */
  readonly hosts?: Readonly<Record<string, string>> | undefined;
}

/** What a claim is filled from at a restore. */
export interface ClaimFill {
  /** Undefined: made empty, and filled by somebody else. */
  readonly dataSource: { readonly apiGroup: string; readonly kind: string; readonly name: string } | undefined;
  /** Quantity; a smaller request is raised to it, since the storage refuses less. */
  readonly restoreSize: string | undefined;
}

/**
 * Replaces names of namespaces and storage classes, images and hosts where the tables of `references`, `images` and `hosts` say
 * that a field is one. Pure; nothing else changes: names inside DNS names, variables and configuration files do not count as
 * references. With the inverse of an injective map it undoes itself, for images if no name in the map is the beginning of another.
 */
export function rewriteReferences(captured: CapturedObject, maps: ReferenceMaps): CapturedObject {
  const namespace = (value: unknown): unknown => mapped(maps.namespaces, value);
  const account = (value: unknown): unknown => mapAccount(maps.namespaces, value);
  const storageClass = (value: unknown): unknown => mapped(maps.storageClasses, value);
  const image = (value: unknown): unknown => (typeof value === 'string' ? (mapImage(maps.images ?? {}, value) ?? value) : value);
  const host = (value: unknown): unknown => (typeof value === 'string' ? mapHosts(maps.hosts ?? {}, value) : value);
  let { object } = captured;
  for (const path of namespacePaths(captured.type)) object = editAt(object, path, namespace);
  for (const path of accountPaths(captured.type)) object = editAt(object, path, account);
  for (const path of storageClassPaths(captured.type)) object = editAt(object, path, storageClass);
  for (const path of imagePaths(captured.type)) object = editAt(object, path, image);
  for (const path of hostPaths(captured.type)) object = editAt(object, path, host);
  return object === captured.object ? captured : { ...captured, object };
}

function mapped(map: Readonly<Record<string, string>>, value: unknown): unknown {
  return typeof value === 'string' && Object.hasOwn(map, value) ? map[value] : value;
}

function mapAccount(map: Readonly<Record<string, string>>, value: unknown): unknown {
  const match = typeof value === 'string' ? /^(system:serviceaccounts?):([^:]+)(:.+)?$/.exec(value) : null;
  if (match === null) return value;
  const [, prefix = '', namespace = '', rest = ''] = match;
  const isUser = prefix === 'system:serviceaccount';
  return isUser === (rest !== '') ? `${prefix}:${String(mapped(map, namespace))}${rest}` : value;
}

/**
 * Takes out what the source cluster assigned and the target must assign anew: addresses and node ports of Services
 * (headless stays headless), the volume of a claim. In another namespace also the marks by which Argo CD would
 * take the copy for an object of its own and prune it.
 */
export function dropAssigned(captured: CapturedObject, options: { readonly moved: boolean }): CapturedObject {
  let { object } = captured;
  for (const path of assignedPaths(captured)) object = dropAt(object, path);
  if (options.moved) for (const path of trackingMarks) object = dropAt(object, path);
  return object === captured.object ? captured : { ...captured, object };
}

const trackingMarks: readonly Path[] = [
  ['metadata', 'labels', 'argocd.argoproj.io/instance'],
  ['metadata', 'annotations', 'argocd.argoproj.io/tracking-id'],
];

function assignedPaths({ type, object }: CapturedObject): readonly Path[] {
  switch (kindKey(type)) {
    case '/Service': {
      const ports: Path[] = [
        ['spec', 'ports', '*', 'nodePort'],
        ['spec', 'healthCheckNodePort'],
      ];
      const headless = record(object['spec'])['clusterIP'] === 'None';
      return headless ? ports : [['spec', 'clusterIP'], ['spec', 'clusterIPs'], ...ports];
    }
    case '/PersistentVolumeClaim':
      return [['spec', 'volumeName']];
    default:
      return [];
  }
}

/** Makes a claim that is filled: its source is replaced, its size at least that of the copy. */
export function fillClaim(captured: CapturedObject, fill: ClaimFill): CapturedObject {
  const object = editAt(captured.object, ['spec'], (value) => {
    const spec = dropAt(dropAt(record(value), ['dataSourceRef']), ['dataSource']);
    const resources = record(spec['resources']);
    const requests = record(resources['requests']);
    return { ...spec, ...(fill.dataSource === undefined ? {} : { dataSource: fill.dataSource }), resources: { ...resources, requests: withSize(requests, fill.restoreSize) } };
  });
  return { ...captured, object, filled: true };
}

function withSize(requests: Json, restoreSize: string | undefined): Json {
  const asked = requests['storage'];
  if (restoreSize === undefined) return requests;
  return { ...requests, storage: typeof asked === 'string' ? larger(asked, restoreSize) : restoreSize };
}

/** Everything that a restore changes in one object. `claims` by the claim's name in the copy. */
export function rewriteForRestore(
  objects: readonly CapturedObject[],
  maps: ReferenceMaps,
  options: { readonly moved: boolean; readonly claims: ReadonlyMap<string, ClaimFill> },
): CapturedObject[] {
  return objects.map((captured) => {
    const rewritten = dropAssigned(rewriteReferences(captured, maps), options);
    const fill = kindKey(captured.type) === '/PersistentVolumeClaim' ? options.claims.get(captured.object.metadata.name) : undefined;
    return fill === undefined ? rewritten : fillClaim(rewritten, fill);
  });
}
