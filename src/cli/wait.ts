import type { KubeObject, ObjectKey } from '../runtime/object.js';
import type { ResourceType } from '../runtime/resource.js';
import { findCondition } from '../runtime/conditions.js';
import type { Condition } from '../runtime/object.js';
import { createCache } from '../runtime/cache.js';
import { systemClock } from '../runtime/clock.js';
import { silentLogger } from '../observability/logger.js';
import type { Connection } from './connection.js';

interface WithStatus extends KubeObject {
  status?: { phase?: string | undefined; conditions?: Condition[] | undefined } | undefined;
}

/** Follows one object until it is ready or has failed; tells every change of phase. Resolves with the last state seen. */
export async function follow<T extends WithStatus>(connection: Connection, type: ResourceType, key: Required<ObjectKey>, tell: (line: string) => void, timeoutMillis: number): Promise<T> {
  const stop = new AbortController();
  const cache = createCache<T>({
    transport: connection.transport,
    type,
    namespace: key.namespace,
    fieldSelector: `metadata.name=${key.name}`,
    project: (object) => object as T,
    clock: systemClock(),
    log: silentLogger(),
  });
  let last = '';
  cache.subscribe((event) => {
    if (event.type === 'deleted') return;
    const line = progress(event.object);
    if (line !== last) tell(line);
    last = line;
  });
  try {
    cache.start(stop.signal);
    return await cache.until(key, isOver, { timeoutMillis });
  } finally {
    stop.abort();
  }
}

function progress(object: WithStatus): string {
  const ready = findCondition(object.status?.conditions, 'Ready');
  return `${object.status?.phase ?? 'Pending'}${ready === undefined || ready.message === '' ? '' : `: ${ready.message}`}`;
}

function isOver(object: WithStatus): boolean {
  return object.status?.phase === 'Ready' || object.status?.phase === 'Failed';
}
