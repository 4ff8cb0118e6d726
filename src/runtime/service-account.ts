/** A service account by name; the authority under which work for a tenant runs. */
export interface ServiceAccountRef {
  readonly namespace: string;
  readonly name: string;
}

/** The user name of a service account, as the API server and the audit log know it. */
export function userOf(account: ServiceAccountRef): string {
  return `system:serviceaccount:${account.namespace}:${account.name}`;
}
