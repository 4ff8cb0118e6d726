import { apiGroup } from '../api/common.js';
import { fail } from '../api/errors.js';
import { isForbidden, isNotFound } from '../runtime/api-error.js';
import type { Client } from '../runtime/client.js';
import type { KubeObject } from '../runtime/object.js';
import { selfSubjectAccessReviews, serviceAccounts } from '../runtime/resource.js';
import { userOf, type ServiceAccountRef } from '../runtime/service-account.js';

/** One right, as SelfSubjectAccessReview asks for it. */
export interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** Of one object; absent: of all of them. */
  readonly name?: string;
}

/** What an account must have before anything of its namespace is held and cut (2-architecture.md, Authority). */
export const rightsToSnapshot: readonly Right[] = [
  { verb: 'create', group: 'snapshot.storage.k8s.io', resource: 'volumesnapshots' },
  { verb: 'get', group: '', resource: 'persistentvolumeclaims' },
  { verb: 'create', group: '', resource: 'pods', subresource: 'exec' },
];

/** What an account must have whose policy makes and deletes copies, beside what each copy asks for. */
export const rightsToProtect: readonly Right[] = [
  { verb: 'create', group: apiGroup, resource: 'appsnapshots' },
  { verb: 'delete', group: apiGroup, resource: 'appsnapshots' },
];

/** The same for one whose policy lets single places forget a copy. */
export const rightsToRelease: readonly Right[] = [{ verb: 'patch', group: apiGroup, resource: 'appsnapshots' }];

/** What an account must have whose policy changes claims. */
export const rightsToChangeVolumes: readonly Right[] = [{ verb: 'patch', group: '', resource: 'persistentvolumeclaims' }];

/** What an account must have where an application is restored. */
export const rightsToRestore: readonly Right[] = [
  { verb: 'create', group: '', resource: 'persistentvolumeclaims' },
  { verb: 'get', group: '', resource: 'persistentvolumeclaims' },
];

/** The same where claims are replaced in place. */
export const rightsToReplace: readonly Right[] = [...rightsToRestore, { verb: 'delete', group: '', resource: 'persistentvolumeclaims' }];

/** What an account must have under which movers run, beside reading the Secrets of their target. */
export const rightsToMove: readonly Right[] = [
  { verb: 'create', group: 'batch', resource: 'jobs' },
  { verb: 'list', group: 'batch', resource: 'jobs' },
  { verb: 'delete', group: 'batch', resource: 'jobs' },
  { verb: 'list', group: '', resource: 'pods' },
];

/** The same for movers that read volumes: each gets a claim of its own. */
export const rightsToCopy: readonly Right[] = [
  ...rightsToMove,
  { verb: 'create', group: '', resource: 'persistentvolumeclaims' },
  { verb: 'delete', group: '', resource: 'persistentvolumeclaims' },
];

/**
 * Makes sure that the operator may act as the account and that the account may do the work.
 * @param field where the account is named, for the messages
 * @throws AppError NamespaceNotServed, AccountNotFound or AccountNotAllowed; the message says what is missing and the command that helps.
 */
export async function requireAuthority(client: Client, account: ServiceAccountRef, rights: readonly Right[], field = 'spec.serviceAccountName'): Promise<void> {
  const served = await reviews(client, account.namespace, { verb: 'impersonate', group: '', resource: 'serviceaccounts' }, account.name);
  if (!served) {
    throw fail(
      'NamespaceNotServed',
      `The operator may not act for accounts of namespace ${account.namespace}. An admin serves it with: kubectl -n ${account.namespace} create rolebinding stillpoint-serve --clusterrole=stillpoint-serve --serviceaccount=<operator namespace>:<operator account>, or with the chart value namespaces.`,
      { afterSeconds: 30 },
    );
  }
  await requireAccount(client, account, field);
  const asTenant = client.as(account);
  for (const right of rights) {
    if (!(await reviews(asTenant, account.namespace, right, right.name))) {
      throw fail(
        'AccountNotAllowed',
        `${field}: ${userOf(account)} may not ${rightText(right)} in namespace ${account.namespace}. Bind the ClusterRoles admin and stillpoint-tenant to it: for role in admin stillpoint-tenant; do kubectl -n ${account.namespace} create rolebinding stillpoint-$role --clusterrole=$role --serviceaccount=${account.namespace}:${account.name}; done`,
        { afterSeconds: 30 },
      );
    }
  }
}

/** Reads the account as itself: whoever may impersonate it learns nothing new. */
async function requireAccount(client: Client, account: ServiceAccountRef, field: string): Promise<void> {
  try {
    await client.as(account).get(serviceAccounts, account);
  } catch (error) {
    if (isNotFound(error)) {
      throw fail('AccountNotFound', `${field}: there is no ServiceAccount ${account.name} in namespace ${account.namespace}.`, { cause: error, afterSeconds: 30 });
    }
    // An account without the right to read itself exists or not: the reviews that follow decide.
    if (!isForbidden(error)) throw error;
  }
}

/** Whether whom the client acts as has a right in a namespace, as the API server answers for itself. */
export async function reviews(client: Client, namespace: string, right: Right, name?: string): Promise<boolean> {
  const review: KubeObject = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    metadata: { name: '' },
    spec: {
      resourceAttributes: {
        namespace,
        verb: right.verb,
        group: right.group,
        resource: right.resource,
        ...(right.subresource === undefined ? {} : { subresource: right.subresource }),
        ...(name === undefined ? {} : { name }),
      },
    },
  };
  const answer = await client.create<KubeObject & { status?: { allowed?: boolean } }>(selfSubjectAccessReviews, review);
  return answer.status?.allowed === true;
}

function rightText(right: Right): string {
  const resource = right.subresource === undefined ? right.resource : `${right.resource}/${right.subresource}`;
  const named = right.name === undefined ? '' : ` ${right.name}`;
  return `${right.verb} ${right.group === '' ? resource : `${resource}.${right.group}`}${named}`;
}
