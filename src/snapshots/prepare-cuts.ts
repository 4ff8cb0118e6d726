import { labels } from '../api/common.js';
import { fail } from '../api/errors.js';
import { isConflict, isInvalid, isNotFound } from '../runtime/api-error.js';
import type { Cache } from '../runtime/cache.js';
import type { Client } from '../runtime/client.js';
import type { KubeObject, OwnerReference } from '../runtime/object.js';
import { apiVersionOf, persistentVolumeClaims, volumeSnapshots } from '../runtime/resource.js';
import type { GroupTypes } from './capability.js';
import type { ContentCaches, ContentView } from './contents.js';
import { runCut, type PreparedCut } from './cut.js';
import { claimUidAnnotation, driverLabel, groupName, setLabels, singleName, stageLabel } from './names.js';
import type { PlannedClaim, PlannedCut } from './plan.js';

export interface CutContext {
  readonly client: Client;
  /** Synced: a window must not wait for a first fill. */
  readonly contents: ContentCaches;
  /** Required when the plan has groups. */
  readonly group: GroupTypes | undefined;
  readonly namespace: string;
  readonly setId: string;
  /** The AppSnapshot: owner of what is created, so that nothing outlives it unnoticed. */
  readonly owner: Pick<OwnerReference, 'apiVersion' | 'kind' | 'name' | 'uid'>;
}

/**
 * Does all that can happen before the window: labels the claims (groups select by label) and prepares the requests.
 * Throws ClaimNotBound when a claim is not the planned one any more. Can be repeated; `unlabelClaims` undoes it.
 */
export async function prepareCuts(cuts: readonly PlannedCut[], context: CutContext): Promise<PreparedCut[]> {
  const grouped = cuts.filter((cut) => cut.kind === 'group').flatMap((cut) => cut.claims.map((claim) => ({ claim, labels: selectorOf(cut, context.setId) })));
  await Promise.all(grouped.map((own) => labelClaim(own.claim, own.labels, context)));
  return cuts.map((cut) => prepare(cut, context));
}

/** The uid in the patch is a precondition: a claim that was replaced under its name is refused. */
async function labelClaim(claim: PlannedClaim, own: Readonly<Record<string, string>>, context: CutContext): Promise<void> {
  const patch = { metadata: { uid: claim.uid, labels: own } };
  try {
    await context.client.mergePatch(persistentVolumeClaims, { namespace: context.namespace, name: claim.name }, patch);
  } catch (error) {
    if (isNotFound(error) || isConflict(error) || isInvalid(error)) {
      throw fail('ClaimNotBound', `PersistentVolumeClaim ${claim.name} was removed or replaced since the plan was made.`, { cause: error });
    }
    throw error;
  }
}

/** The labels of the claims of one group, which it selects them by. */
function selectorOf(cut: PlannedCut, setId: string): Record<string, string> {
  return { [labels.set]: setId, [driverLabel]: cut.driver, ...(cut.stage === undefined ? {} : { [stageLabel]: cut.stage }) };
}

function prepare(cut: PlannedCut, context: CutContext): PreparedCut {
  const { type, object, contents } = cut.kind === 'group' ? group(cut, context) : single(cut, context);
  const create = context.client.prepareCreate(type, object);
  const { name } = object.metadata;
  return {
    name,
    atomic: cut.atomic,
    claimUids: cut.claims.map((claim) => claim.uid),
    last: cut.stage === 'last',
    run: (signal, onStep) => runCut({ namespace: context.namespace, name, kind: cut.kind, contents, create }, signal, onStep),
  };
}

interface Prepared {
  readonly type: GroupTypes['groups'];
  readonly object: KubeObject;
  readonly contents: Cache<ContentView>;
}

/** Only `matchLabels`: the controllers ignore expressions, and an empty selector is every claim of the namespace. */
function group(cut: PlannedCut, context: CutContext): Prepared {
  const { group: types, contents } = context;
  if (types === undefined || contents.groups === undefined) {
    throw fail('SnapshotFailed', 'The plan has a group snapshot, but the API groupsnapshot.storage.k8s.io is not served any more.');
  }
  const spec = {
    volumeGroupSnapshotClassName: cut.className,
    source: { selector: { matchLabels: selectorOf(cut, context.setId) } },
  };
  return { type: types.groups, object: snapshotObject(types.groups, groupName(context.setId, cut.driver, cut.stage), context, spec), contents: contents.groups };
}

function single(cut: PlannedCut, context: CutContext): Prepared {
  const [claim] = cut.claims;
  if (claim === undefined || cut.claims.length !== 1) throw new RangeError('a single snapshot has exactly one claim');
  const spec = { volumeSnapshotClassName: cut.className, source: { persistentVolumeClaimName: claim.name } };
  const object = snapshotObject(volumeSnapshots, singleName(context.setId, claim.uid), context, spec);
  object.metadata.annotations = { [claimUidAnnotation]: claim.uid };
  return { type: volumeSnapshots, object, contents: context.contents.singles };
}

function snapshotObject(type: GroupTypes['groups'], name: string, context: CutContext, spec: unknown): KubeObject {
  const { apiVersion, kind, name: ownerName, uid } = context.owner;
  return {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    metadata: {
      name,
      namespace: context.namespace,
      labels: setLabels(context.setId, uid),
      ownerReferences: [{ apiVersion, kind, name: ownerName, uid }],
    },
    spec,
  };
}
