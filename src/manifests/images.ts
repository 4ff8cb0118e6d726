import { imageReference } from '../api/rewrite.js';
import type { ResourceType } from '../runtime/resource.js';
import type { Path } from './json.js';
import { podSpecPath } from './pod-templates.js';

/** Paths whose value is a reference to an image; none for kinds without a pod template. */
export function imagePaths(kind: Pick<ResourceType, 'group' | 'kind'>): readonly Path[] {
  const spec = podSpecPath(kind);
  if (spec === undefined) return [];
  const containers = ['containers', 'initContainers', 'ephemeralContainers'].map((list) => [...spec, list, '*', 'image']);
  return [...containers, [...spec, 'volumes', '*', 'image', 'reference']];
}

/**
 * The reference by the longest key of the map that is all of it, or its beginning up to a slash, a tag or a digest; what
 * follows is kept. Undefined when no key matches. Pure.
 */
export function mapImage(images: Readonly<Record<string, string>>, reference: string): string | undefined {
  const longestFirst = Object.entries(images).sort(([a], [b]) => b.length - a.length);
  for (const [from, to] of longestFirst) {
    if (!reference.startsWith(from)) continue;
    const rest = reference.slice(from.length);
    if (rest === '') return to;
    if (endsThere(rest) && imageReference.test(to + rest)) return to + rest;
  }
  return undefined;
}

/** A colon before a slash is that of a port: the name of the registry goes on. */
function endsThere(rest: string): boolean {
  return rest.startsWith('/') || /^[:@][^/]*$/.test(rest);
}
