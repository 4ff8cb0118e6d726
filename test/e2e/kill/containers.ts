import { podsOf } from '../shapes/pods.js';

/** Ids at the runtime of the containers of a namespace, by pod and container. */
export async function containersOf(namespace: string): Promise<ReadonlyMap<string, string>> {
  const pods = [...(await podsOf(namespace)).values()];
  const statuses = pods.flatMap(({ metadata, status }) => (status.containerStatuses ?? []).map((s) => ({ who: `${metadata.name}/${s.name}`, id: s.containerID })));
  return new Map(statuses.flatMap(({ who, id }) => (id === undefined ? [] : [[who, id.replace(/^containerd:\/\//, '')]])));
}
