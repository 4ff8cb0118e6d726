import type { CopyStatus } from '../../../api/appsnapshot.js';
import { backupTargets, type BackupTarget } from '../../../api/kinds.js';
import { isNotFound } from '../../../runtime/api-error.js';
import type { OperatorDeps } from '../../deps.js';
import { failed } from '../../movers/failures.js';
import { moversOfSnapshot, removeMoverObjects } from '../../movers/leftovers.js';
import { later, now, type StepResult } from '../../step.js';
import { accountOf } from '../gather.js';
import { inUse } from '../in-use.js';
import { tell, type SnapshotWriter } from '../steps.js';
import { named } from './copy-step.js';
import { forgetName, forgetOne } from './end.js';
import { requireReady } from './ready.js';
import { copyOf, writeCopy } from './status.js';

const lookSeconds = 3;
/** Until a copy that a restore reads from is looked at again; what is to be written to other targets goes on meanwhile. */
const inUseMillis = 15_000;

/**
 * One round of removing a copy from a target while its object stays, when no restore reads from it. Unlike a deletion it has time: a target that does not answer is asked again
 * for as long as it takes, so that nothing stays there that nobody knows of.
 */
export async function forgetStep(writer: SnapshotWriter, target: string, deps: OperatorDeps): Promise<StepResult> {
  const copy = copyOf(writer.object, target);
  try {
    return await forget(writer, copy, deps);
  } catch (error) {
    const known = named(error);
    if (known === undefined) throw error;
    if (copy.reason !== known.code) tell(deps, writer.object, 'Warning', known.code, known.publicMessage);
    await writeCopy(writer, failed(copy, { code: known.code, message: known.publicMessage }, deps.clock.now()));
    return now;
  }
}

async function forget(writer: SnapshotWriter, copy: CopyStatus, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const client = deps.client.as(accountOf(object));
  // Nothing of it was ever written.
  if (copy.id === undefined) {
    await writeCopy(writer, { target: copy.target, phase: 'Forgotten' });
    return now;
  }
  if (await inUse(writer, deps)) {
    await writeCopy(writer, { ...copy, retryAt: new Date(deps.clock.now() + inUseMillis).toISOString() });
    return now;
  }
  if ((await removeMoverObjects(client, moversOfSnapshot(object), new Set([forgetName(copy)]))) > 0) return later(lookSeconds);
  await requireReadyIfThere(object.metadata.namespace, copy.target, deps);
  await forgetOne(writer, copy, client, deps);
  return copyOf(writer.object, copy.target).phase === 'Forgotten' ? now : later(lookSeconds);
}

/** One that is gone keeps what it has: {@link forgetOne} says so. */
async function requireReadyIfThere(namespace: string, name: string, deps: OperatorDeps): Promise<void> {
  try {
    requireReady(await deps.client.get<BackupTarget>(backupTargets, { namespace, name }));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
