import type { Client } from '../runtime/client.js';
import type { KubeObject } from '../runtime/object.js';
import { secrets } from '../runtime/resource.js';
import type { ServiceAccountRef } from '../runtime/service-account.js';

/** Reads Secrets of the account's namespace as the account; values decoded, never logged. */
export function secretReader(client: Client, account: ServiceAccountRef): (name: string) => Promise<Readonly<Record<string, string>>> {
  return async (name) => {
    const secret = await client.as(account).get<KubeObject & { data?: Record<string, string> }>(secrets, { namespace: account.namespace, name });
    return Object.fromEntries(Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
  };
}
