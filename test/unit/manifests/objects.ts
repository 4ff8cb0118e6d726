import type { CapturedObject } from '../../../src/manifests/captured.js';

/** A captured object for tests; name `x` in namespace `shop` unless `metadata` says otherwise. */
export function captured(group: string, kind: string, body: object, metadata: object = {}): CapturedObject {
  const apiVersion = group === '' ? 'v1' : `${group}/v1`;
  const type = { group, version: 'v1', plural: `${kind.toLowerCase()}s`, kind, namespaced: true };
  return { type, object: { apiVersion, kind, metadata: { name: 'x', namespace: 'shop', ...metadata }, ...body } };
}
