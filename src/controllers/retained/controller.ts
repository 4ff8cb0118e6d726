import type { ReconcileContext } from '../../runtime/controller.js';
import { hasFinalizer, removeFinalizer } from '../../runtime/finalizers.js';
import { keyText, parseKey, type KubeObject } from '../../runtime/object.js';
import type { Outcome } from '../../runtime/outcome.js';
import { namespaces, secrets } from '../../runtime/resource.js';
import { getOrUndefined } from '../../runtime/get-or-undefined.js';
import { keptContents, removeContents } from '../../snapshots/retain.js';
import { restoresOfRetained } from '../apprestore/in-use.js';
import type { OperatorDeps } from '../deps.js';
import { decide, type EndingInput, type EndingPlan } from './decide.js';
import { retainedFinalizer, uidOfPoint } from './objects.js';
import { ownerOf } from './owner.js';
import { placeOf, removeParts } from './store.js';
import { sweepKey, sweepParts } from './sweep.js';

/** Looking again at what others work on. */
const soonSeconds = 2;
/** The end of a restore wakes it up as well. */
const restoreSeconds = 60;

/** The controller of the first Secrets of retained recovery points: what is deleted there goes with its data. Keys are those of the Secrets, and {@link sweepKey}. */
export function reconcileRetained(deps: OperatorDeps): (key: string, context: ReconcileContext) => Promise<Outcome> {
  return async (key, { log }) => {
    const own = { ...deps, log };
    if (key === sweepKey) return sweepParts(own);
    const secret = await getOrUndefined(deps.client, secrets, parseKey(key));
    const uid = secret === undefined ? undefined : uidOfPoint(secret.metadata);
    if (secret?.metadata.deletionTimestamp === undefined || uid === undefined) return { kind: 'done' };
    const plan = decide(await observe(secret, uid, own));
    log.debug('decided', { plan, uid });
    return act(plan, secret, uid, own);
  };
}

async function observe(secret: KubeObject, uid: string, deps: OperatorDeps): Promise<EndingInput> {
  const { client, group, caches, retained } = deps;
  const [owner, namespace, contents] = await Promise.all([ownerOf(secret.metadata, uid, deps), client.get(namespaces, { name: retained.namespace }), keptContents(client, group, uid)]);
  return {
    guarded: hasFinalizer(secret, retainedFinalizer),
    owner,
    operatorLeaves: namespace.metadata.deletionTimestamp !== undefined,
    inUse: restoresOfRetained(caches, uid).length > 0,
    hasContents: contents.length > 0,
  };
}

async function act(plan: EndingPlan, secret: KubeObject, uid: string, deps: OperatorDeps): Promise<Outcome> {
  const { client } = deps;
  switch (plan) {
    case 'none':
      return { kind: 'done' };
    case 'letGo':
      await removeFinalizer(client, secrets, secret, retainedFinalizer);
      return { kind: 'done' };
    case 'wait':
      return { kind: 'later', seconds: soonSeconds };
    case 'stay':
      tell(secret, 'RetainedStays', 'The namespace of the operator is being deleted, which removes no retained data: the snapshot contents stay, and this Secret stays until somebody takes its finalizer off.', deps);
      return { kind: 'done' };
    case 'waitForRestore': {
      const names = restoresOfRetained(deps.caches, uid).map(({ metadata }) => keyText(metadata));
      tell(secret, 'RetainedInUse', `AppRestore ${names.join(', ')} is restoring from this recovery point; its data goes when the restore has ended or was deleted.`, deps);
      return { kind: 'later', seconds: restoreSeconds };
    }
    case 'removeContents': {
      const remaining = await removeContents(client, deps.group, uid);
      if (remaining.length > 0) deps.log.info('waiting for retained contents to go', { uid, remaining });
      return { kind: 'later', seconds: soonSeconds };
    }
    case 'removeSecrets':
      await removeParts(placeOf(deps), uid);
      await removeFinalizer(client, secrets, secret, retainedFinalizer);
      return { kind: 'done' };
  }
}

function tell(secret: KubeObject, reason: string, note: string, deps: OperatorDeps): void {
  deps.events.record({ regarding: { apiVersion: 'v1', kind: secrets.kind, metadata: secret.metadata }, type: 'Warning', reason, action: 'Remove', note });
}
