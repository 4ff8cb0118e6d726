import { randomUUID } from 'node:crypto';
import { appSnapshots, type AppSnapshot } from '../../src/api/kinds.js';
import { watchSet } from '../../src/runtime/watch-set.js';
import { createLogger } from '../../src/observability/logger.js';
import type { Bed } from '../integration/snapshots/bed.js';

const patienceMillis = 120_000;

/** Milliseconds from the create call of a new, suspended AppSnapshot to its first status. It is removed again. */
export async function latencyOfNew({ client, transport, clock }: Bed, purpose: string): Promise<number> {
  const namespace = 'default';
  const name = `new-${purpose}-${randomUUID().slice(0, 8)}`;
  let answered = (): void => undefined;
  const answer = new Promise<void>((resolve) => (answered = resolve));
  const watch = await watchSet({ transport, clock, log: createLogger({ level: 'error' }) }, appSnapshots, { namespace }, ({ object }) => {
    if (object.metadata.name === name && (object as unknown as AppSnapshot).status?.conditions !== undefined) answered();
  });
  const limit = AbortSignal.timeout(patienceMillis);
  const late = new Promise<never>((_, reject) => limit.addEventListener('abort', () => reject(new Error(`no status of ${name} after ${patienceMillis} ms`))));
  const begin = performance.now();
  try {
    await client.create(appSnapshots, { metadata: { name, namespace }, spec: { serviceAccountName: 'stillpoint', suspend: true } });
    await Promise.race([answer, late]);
    return Math.round(performance.now() - begin);
  } finally {
    watch.close();
    await client.delete(appSnapshots, { namespace, name });
  }
}
