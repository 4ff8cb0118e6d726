import type { KubeObject } from '../runtime/object.js';

/** Who keeps an object as Git has it, and how to stop that for a while. */
export interface GitOpsOwner {
  readonly by: 'Argo CD' | 'Flux';
  /** For people: `Argo CD application shop`. */
  readonly what: string;
  readonly suspendCommand: string;
}

/**
 * Finds the GitOps controller of a live object by the marks that Argo CD (tracking by annotation or by its own label) and
 * Flux leave on it; undefined when there is none. The label `app.kubernetes.io/instance` alone is Helm's as well and does not count.
 */
export function gitOpsOwner({ metadata }: KubeObject): GitOpsOwner | undefined {
  const application = metadata.annotations?.['argocd.argoproj.io/tracking-id']?.split(':')[0] ?? metadata.labels?.['argocd.argoproj.io/instance'];
  if (application !== undefined && application !== '') {
    return { by: 'Argo CD', what: `Argo CD application ${application}`, suspendCommand: `argocd app set ${application} --sync-policy none` };
  }
  const flux = (prefix: string, kind: string): GitOpsOwner | undefined => {
    const name = metadata.labels?.[`${prefix}.toolkit.fluxcd.io/name`];
    const namespace = metadata.labels?.[`${prefix}.toolkit.fluxcd.io/namespace`];
    if (name === undefined || namespace === undefined) return undefined;
    return { by: 'Flux', what: `Flux ${kind} ${namespace}/${name}`, suspendCommand: `flux suspend ${kind} ${name} -n ${namespace}` };
  };
  return flux('helm', 'helmrelease') ?? flux('kustomize', 'kustomization');
}
