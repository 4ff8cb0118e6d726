import type { ApplicationStatus } from '../../api/appsnapshot.js';
import type { AppRestore } from '../../api/kinds.js';
import type { RestoreContext } from '../../hooks/adapter.js';
import type { PodView } from '../../hooks/view.js';
import { resourceName, type CapturedObject } from '../../manifests/captured.js';
import type { OperatorDeps } from '../deps.js';
import { profileReader } from '../profile-reader.js';
import { secretReader } from '../secret-reader.js';
import { podSource } from './pod-source.js';
import { isReady, podsOf } from './started-pods.js';
import { targetAccount } from './steps.js';

/** What adapters work with on a restored application that runs. `objects`: all that the restore makes. */
export function restoreContext(object: AppRestore, application: ApplicationStatus, objects: readonly CapturedObject[], deps: OperatorDeps, signal: AbortSignal): RestoreContext {
  const account = targetAccount(object);
  const { namespace } = account;
  const pods = podsByCopyName(application, objects, deps.caches.pods.list(namespace));
  return { account, exec: deps.exec, namespace, pods, secret: secretReader(deps.client, account), profile: profileReader(deps.client, account), signal };
}

/** Pods of a Deployment have new names: those of the copy get one each, in order of their names. Pure. */
export function podsByCopyName(application: ApplicationStatus, objects: readonly CapturedObject[], live: readonly PodView[]): Map<string, PodView> {
  const ready = live.filter(isReady).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const result = new Map<string, PodView>();
  const taken = new Set<string>();
  for (const { pod: name } of application.members ?? []) {
    const workload = podSource(name, objects)?.workload;
    const own = workload === undefined ? [] : podsOf({ resource: resourceName(workload.type), name: workload.object.metadata.name }, ready);
    const found = ready.find((p) => p.metadata.name === name) ?? (workload?.type.kind === 'StatefulSet' ? undefined : own.find((p) => !taken.has(p.metadata.name)));
    if (found === undefined) continue;
    taken.add(found.metadata.name);
    result.set(name, found);
  }
  return result;
}
