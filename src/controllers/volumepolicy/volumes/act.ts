import { annotations } from '../../../api/common.js';
import { fail } from '../../../api/errors.js';
import type { VolumePolicy } from '../../../api/kinds.js';
import { ApiError, isAlreadyExists, isConflict, isNotFound } from '../../../runtime/api-error.js';
import { AppError } from '../../../runtime/app-error.js';
import type { Client } from '../../../runtime/client.js';
import type { KubeObject } from '../../../runtime/object.js';
import { namespaces, persistentVolumeClaims, storageClasses, volumeAttributesClasses, type ResourceType } from '../../../runtime/resource.js';
import { getOrUndefined } from '../../../runtime/get-or-undefined.js';
import { sizeText, usedPercent } from '../../../storage/growth.js';
import { otherNamespaces } from '../../../storage/names.js';
import type { Volume } from '../../../storage/volume.js';
import { accountOf } from '../../appsnapshot/gather.js';
import { requireAuthority, rightsToChangeVolumes } from '../../authority.js';
import type { OperatorDeps } from '../../deps.js';
import { classPolicies, requirePolicies } from '../../policies.js';
import { tell, type PolicyWriter } from '../steps.js';
import type { ClassPlan, VolumesPlan } from './decide.js';

/**
 * Makes the classes and changes the claims of a plan. Resolves with what could not be done: a class that cannot be made keeps no volume from growing, and a claim that is refused no other.
 * @throws AppError PoliciesMissing, those of {@link requireAuthority}.
 */
export async function actOnVolumes(writer: PolicyWriter, plan: VolumesPlan, deps: OperatorDeps): Promise<readonly AppError[]> {
  const { storageClass, attributesClass, retell, grow } = plan;
  const makes = (storageClass !== undefined && storageClass.what !== 'asItIs') || attributesClass?.make === true;
  if (!makes && retell.length + grow.length === 0) return [];
  const account = accountOf(writer.object);
  await requirePolicies(deps.client, deps.agentNamespace);
  await requireAuthority(deps.client, account, rightsToChangeVolumes);
  const client = deps.client.as(account);
  const unmade = makes ? await makeClasses(writer, plan, deps) : [];
  const told = unmade.length > 0 ? [] : await retellAll(writer.object, plan, client, deps);
  return [...unmade, ...told, ...(await growAll(writer.object, grow, client, deps))];
}

/** Resolves with why one could not be made. */
async function makeClasses(writer: PolicyWriter, plan: VolumesPlan, deps: OperatorDeps): Promise<AppError[]> {
  const { storageClass, attributesClass } = plan;
  try {
    await requirePolicies(deps.client, deps.agentNamespace, classPolicies);
    if (storageClass !== undefined && storageClass.what !== 'asItIs') await requireOwnName(storageClass.object.metadata.name, writer.object.metadata.namespace, deps.client);
    await note(writer, plan);
    if (storageClass !== undefined) await ensureStorageClass(writer.object, storageClass, deps);
    if (attributesClass?.make === true) await make(volumeAttributesClasses, attributesClass.object, deps);
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [error];
  }
}

/** Before anything is made: what status does not name is removed when nothing uses it, and what a class was is not known once it is replaced. */
async function note(writer: PolicyWriter, { storageClass, asked }: VolumesPlan): Promise<void> {
  if (storageClass === undefined) return;
  const { object, earlier } = storageClass;
  await writer.write({ storageClass: { name: object.metadata.name, ...(earlier.length === 0 ? {} : { earlier: [...earlier] }) }, attributesClass: asked?.attributesClass });
}

/** A class cannot be changed: another one takes its name. */
async function ensureStorageClass(policy: VolumePolicy, { object, what, old }: ClassPlan, deps: OperatorDeps): Promise<void> {
  if (what === 'asItIs') return;
  const { name } = object.metadata;
  if (old?.metadata.uid !== undefined) await deps.client.delete(storageClasses, { name }, { uid: old.metadata.uid });
  await make(storageClasses, object, deps);
  const made = what === 'make' ? 'is made' : 'is made anew under its name; volumes that are there stay as they are';
  tell(deps, policy, 'Normal', 'ClassMade', `StorageClass ${name} ${made}.`);
}

/** shop-eu-fast is a class of namespace shop, as long as there is no namespace shop-eu. */
async function requireOwnName(name: string, namespace: string, client: Client): Promise<void> {
  for (const other of otherNamespaces(name, namespace)) {
    if ((await getOrUndefined(client, namespaces, { name: other })) === undefined) continue;
    throw fail('ClassNotOurs', `spec.storageClassName: the name ${name} begins with that of namespace ${other}, and is for policies there.`);
  }
}

async function make(type: ResourceType, object: KubeObject, { client }: Pick<OperatorDeps, 'client'>): Promise<void> {
  try {
    await client.create(type, object);
  } catch (error) {
    // What was made a moment ago is seen by the next look.
    if (isAlreadyExists(error)) throw fail('ClassNotOurs', `${type.kind} ${object.metadata.name} was made by somebody else just now.`, { cause: error, afterSeconds: 5 });
    throw refused(`${type.kind} ${object.metadata.name}`, error);
  }
}

async function retellAll(policy: VolumePolicy, { attributesClass, retell }: VolumesPlan, client: Client, deps: OperatorDeps): Promise<AppError[]> {
  if (attributesClass === undefined) return [];
  const { name } = attributesClass.object.metadata;
  const { done, errors } = await patchEach(retell, policy, client, () => ({ annotations: { [annotations.attributesClass]: name }, spec: { volumeAttributesClassName: name } }));
  if (done.length > 0) tell(deps, policy, 'Normal', 'AttributesChanged', `VolumeAttributesClass ${name} is given to ${someOf(done)}.`);
  return errors;
}

async function growAll(policy: VolumePolicy, grow: VolumesPlan['grow'], client: Client, deps: OperatorDeps): Promise<AppError[]> {
  const sizes = new Map(grow.map(({ volume, size }) => [volume.uid, sizeText(size)] as const));
  const size = ({ uid }: Volume): string => sizes.get(uid) ?? '';
  const at = new Date(deps.clock.now()).toISOString();
  const { done, errors } = await patchEach(grow.map(({ volume }) => volume), policy, client, (volume) => ({ annotations: { [annotations.grownAt]: at }, spec: { resources: { requests: { storage: size(volume) } } } }));
  const { namespace, name } = policy.metadata;
  for (const volume of done) {
    deps.metrics.grown({ namespace, policy: name });
    tell(deps, policy, 'Normal', 'VolumeGrown', `PersistentVolumeClaim ${volume.pvc} grows from ${sizeText(volume.capacity ?? volume.requested)} to ${size(volume)}: ${usedPercent(volume.usage) ?? 0} % of it are used.`);
  }
  return errors;
}

interface ClaimChange {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: object;
}

/** Each claim only as it was seen: one that has changed is looked at again. */
async function patchEach(volumes: readonly Volume[], policy: VolumePolicy, client: Client, change: (volume: Volume) => ClaimChange): Promise<{ readonly done: Volume[]; readonly errors: AppError[] }> {
  const done: Volume[] = [];
  const errors: AppError[] = [];
  for (const volume of volumes) {
    const { pvc: name, uid, resourceVersion } = volume;
    const { annotations: marks, spec } = change(volume);
    try {
      await client.mergePatch(persistentVolumeClaims, { namespace: policy.metadata.namespace, name }, { metadata: { uid, resourceVersion, annotations: marks }, spec });
      done.push(volume);
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) errors.push(refused(`PersistentVolumeClaim ${name}`, error));
    }
  }
  return { done, errors };
}

/** What is no answer of the API server is tried again by the reconcile itself. */
function refused(what: string, error: unknown): AppError {
  if (!(error instanceof ApiError) || error.code < 400 || error.code >= 500 || error.code === 401 || error.code === 429) throw error;
  return fail('VolumeChangeRefused', `${what}: ${error.message}`, { cause: error });
}

function someOf(volumes: readonly Volume[]): string {
  const names = volumes.map(({ pvc }) => pvc);
  return `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
}
