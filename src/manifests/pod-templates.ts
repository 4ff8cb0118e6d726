import type { ResourceType } from '../runtime/resource.js';
import type { Path } from './json.js';

/** Path of the pod spec inside each built-in kind that has one. */
const podSpecs: Readonly<Record<string, Path>> = {
  '/Pod': ['spec'],
  '/ReplicationController': ['spec', 'template', 'spec'],
  '/PodTemplate': ['template', 'spec'],
  'apps/Deployment': ['spec', 'template', 'spec'],
  'apps/StatefulSet': ['spec', 'template', 'spec'],
  'apps/DaemonSet': ['spec', 'template', 'spec'],
  'apps/ReplicaSet': ['spec', 'template', 'spec'],
  'batch/Job': ['spec', 'template', 'spec'],
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};

/** `group/Kind`: the key of tables by kind. */
export function kindKey(type: Pick<ResourceType, 'group' | 'kind'>): string {
  return `${type.group}/${type.kind}`;
}

/** Where the pod spec of this kind is; undefined for kinds that have none. */
export function podSpecPath(type: Pick<ResourceType, 'group' | 'kind'>): Path | undefined {
  return podSpecs[kindKey(type)];
}
