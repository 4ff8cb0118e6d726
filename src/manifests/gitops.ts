import { isForbidden, isNotFound } from '../runtime/api-error.js';
import type { Client } from '../runtime/client.js';
import type { KubeObject } from '../runtime/object.js';
import type { ResourceType } from '../runtime/resource.js';
import { isRecord, valueAt } from './json.js';

/** Who keeps an object as Git has it, and how to stop that for a while. */
export interface GitOpsOwner {
  readonly by: 'Argo CD' | 'Flux';
  /** For people: `Argo CD application shop`. */
  readonly what: string;
  readonly suspendCommand: string;
  /** The object in which it is suspended. */
  readonly object: { readonly type: ResourceType; readonly namespace: string; readonly name: string };
}

/** Where Argo CD has its applications; those of other namespaces are tracked as `<namespace>_<name>`. */
const argoNamespace = 'argocd';
const application: ResourceType = { group: 'argoproj.io', version: 'v1alpha1', plural: 'applications', kind: 'Application', namespaced: true };
const kustomization: ResourceType = { group: 'kustomize.toolkit.fluxcd.io', version: 'v1', plural: 'kustomizations', kind: 'Kustomization', namespaced: true };
const helmRelease: ResourceType = { group: 'helm.toolkit.fluxcd.io', version: 'v2', plural: 'helmreleases', kind: 'HelmRelease', namespaced: true };

/**
 * Finds the GitOps controller of a live object by the marks that Argo CD (tracking by annotation or by its own label) and
 * Flux leave on it; undefined when there is none. The label `app.kubernetes.io/instance` alone is Helm's as well and does not count.
 */
export function gitOpsOwner({ metadata }: KubeObject): GitOpsOwner | undefined {
  const tracked = metadata.annotations?.['argocd.argoproj.io/tracking-id']?.split(':')[0] ?? metadata.labels?.['argocd.argoproj.io/instance'];
  if (tracked !== undefined && tracked !== '') {
    const [name = '', namespace = argoNamespace] = tracked.split('_').reverse();
    return { by: 'Argo CD', what: `Argo CD application ${tracked}`, suspendCommand: `argocd app set ${tracked} --sync-policy none`, object: { type: application, namespace, name } };
  }
  const flux = (prefix: string, kind: string): GitOpsOwner | undefined => {
    const name = metadata.labels?.[`${prefix}.toolkit.fluxcd.io/name`];
    const namespace = metadata.labels?.[`${prefix}.toolkit.fluxcd.io/namespace`];
    if (name === undefined || namespace === undefined) return undefined;
    return { by: 'Flux', what: `Flux ${kind} ${namespace}/${name}`, suspendCommand: `flux suspend ${kind} ${name} -n ${namespace}`, object: { type: prefix === 'helm' ? helmRelease : kustomization, namespace, name } };
  };
  return flux('helm', 'helmrelease') ?? flux('kustomize', 'kustomization');
}

/** Why an object must be left to its GitOps controller; undefined where there is none, or it is suspended. Each controller is asked for once, as whoever the client acts as. */
export function gitOpsGuard(client: Pick<Client, 'get'>): (live: KubeObject) => Promise<string | undefined> {
  const asked = new Map<string, Promise<boolean | undefined>>();
  return async (live) => {
    const owner = gitOpsOwner(live);
    if (owner === undefined) return undefined;
    const answer = asked.get(owner.what) ?? isSuspended(client, owner);
    asked.set(owner.what, answer);
    const suspended = await answer;
    if (suspended === true) return undefined;
    const { type, namespace, name } = owner.object;
    const unread = suspended === false ? '' : ` (whether it is suspended is not known: the account may not get ${type.plural}.${type.group} ${namespace}/${name}, or it is not there)`;
    return `ManagedByGitOps: ${owner.what} would undo the change; suspend it first: ${owner.suspendCommand}${unread}`;
  };
}

/** Undefined: that could not be read. */
async function isSuspended(client: Pick<Client, 'get'>, { by, object: { type, namespace, name } }: GitOpsOwner): Promise<boolean | undefined> {
  // Anybody may label an object with anything.
  if (namespace === '' || name === '') return undefined;
  try {
    const found = await client.get(type, { namespace, name });
    return by === 'Flux' ? valueAt(found, ['spec', 'suspend']) === true : !syncsByItself(found);
  } catch (error) {
    if (isForbidden(error) || isNotFound(error)) return undefined;
    throw error;
  }
}

function syncsByItself(found: KubeObject): boolean {
  const automated = valueAt(found, ['spec', 'syncPolicy', 'automated']);
  return isRecord(automated) && automated['enabled'] !== false;
}
