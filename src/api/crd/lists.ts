type Node = Record<string, unknown>;

/**
 * Keys of an `x-kubernetes-list-type: map` must be fields of the items that are required or defaulted and never null,
 * otherwise the API server refuses the CRD. Throws an Error that names the path.
 */
export function requireListKeys(items: Node, keys: unknown, path: string): void {
  if (!Array.isArray(keys) || keys.length === 0) throw new Error(`${path}: a list of type map without x-kubernetes-list-map-keys`);
  const properties = (items['properties'] ?? {}) as Record<string, Node>;
  const required = (items['required'] ?? []) as string[];
  for (const key of keys as string[]) {
    const field = properties[key];
    if (field === undefined) throw new Error(`${path}: list key ${key} is no field of its items`);
    if (field['nullable'] === true) throw new Error(`${path}: list key ${key} may be null`);
    if (!required.includes(key) && !('default' in field)) throw new Error(`${path}: list key ${key} is neither required nor defaulted`);
  }
}
