import { annotations, labels } from '../../../api/common.js';
import type { VolumePolicy } from '../../../api/kinds.js';
import { rememberedClasses, type EarlierClass } from '../../../api/volumes.js';
import { findCondition } from '../../../runtime/conditions.js';
import type { KubeObject } from '../../../runtime/object.js';
import { factsOf, type DriverFacts } from '../../../storage/drivers/facts.js';
import type { Asked } from '../../../storage/drift.js';
import { nextSize } from '../../../storage/growth.js';
import { attributesClassName, isClassOf, policyOfClass, storageClassName, wrongName } from '../../../storage/names.js';
import { refusedOffer, tierOf, type Refusal } from '../../../storage/offers.js';
import { attributesClassOf, parametersBy, render, sameClass, storageClassOf, type ClassOwner, type Rendering, type StorageClass } from '../../../storage/render.js';
import type { Volume } from '../../../storage/volume.js';
import { wishesOf } from '../../../storage/wishes.js';
import type { VolumesSeen } from './observe.js';

/** A class as it is to be. */
export interface ClassPlan {
  readonly object: StorageClass;
  /** `asItIs`: it is so already. */
  readonly what: 'make' | 'remake' | 'asItIs';
  /** The one that is there now. */
  readonly old: StorageClass | undefined;
  /** What status remembers of classes of that name when this is done. */
  readonly earlier: readonly EarlierClass[];
}

/** What to do about the volumes of a policy; every part can be repeated. */
export interface VolumesPlan {
  /** Why the policy is not followed; then nothing but growth is. */
  readonly refusal: Refusal | undefined;
  /** What the volumes are held against. */
  readonly asked: Asked | undefined;
  readonly storageClass: ClassPlan | undefined;
  readonly attributesClass: { readonly object: KubeObject; readonly make: boolean } | undefined;
  /** Claims that are to get the VolumeAttributesClass. */
  readonly retell: readonly Volume[];
  readonly grow: readonly { readonly volume: Volume; readonly size: bigint }[];
}

/** So many volumes of a policy grow at a time. */
const growAtOnce = 10;

/** What {@link decideVolumes} sees. */
export interface VolumesInput {
  readonly object: VolumePolicy;
  readonly seen: VolumesSeen;
  /** Wall clock, ms since the epoch. */
  readonly now: number;
}

/** What to do next. Pure and synchronous. */
export function decideVolumes(input: VolumesInput): VolumesPlan {
  const grow = growing(input);
  const none = { refusal: undefined, asked: undefined, storageClass: undefined, attributesClass: undefined, retell: [], grow };
  if (input.object.spec.storageClusterRef === undefined) return none;
  const told = follow(input);
  return 'code' in told ? { ...none, refusal: told } : { ...none, ...told };
}

function growing({ object, seen, now }: VolumesInput): VolumesPlan['grow'] {
  const { growth } = object.spec;
  if (growth === undefined || !seen.fresh) return [];
  const own = seen.volumes.filter((volume) => volume.governor === undefined && volume.bound && !volume.block);
  const wanting = own.flatMap((volume) => {
    const size = nextSize(volume, growth, now);
    return size === undefined ? [] : [{ volume, size }];
  });
  // Others the next minute: those that are refused each time keep nobody from growing.
  const from = wanting.length > growAtOnce ? (Math.floor(now / 60_000) * growAtOnce) % wanting.length : 0;
  return [...wanting.slice(from), ...wanting.slice(0, from)].slice(0, growAtOnce);
}

type Told = Pick<VolumesPlan, 'asked' | 'storageClass' | 'attributesClass' | 'retell'>;

function follow(input: VolumesInput): Told | Refusal {
  const { object, seen } = input;
  const found = baseOf(input);
  if ('code' in found) return found;
  const { driver, base, facts } = found;
  const owner = ownerOf(object);
  const name = storageClassName(owner, object.spec.storageClassName);
  const wrong = wrongName(name, owner.namespace);
  if (wrong !== undefined) return { code: 'InvalidSpec', message: wrong };
  const rendering = render(wishesOf(object.spec), facts, seen.attributesClasses !== undefined);
  const [untold] = rendering.untold;
  if (untold !== undefined) return { code: 'PolicyNotEnforceable', message: `${untold.wish.path}: the driver ${driver} ${untold.why}.` };
  const storageClass = classPlan(input, storageClassOf(name, base, rendering, owner), facts);
  if ('code' in storageClass) return storageClass;
  const attributesClass = attributesPlan(seen, driver, rendering, owner);
  if (attributesClass !== undefined && 'code' in attributesClass) return attributesClass;
  const asked: Asked = { driver, className: name, attributesClass: attributesClass?.object.metadata.name, rendering, tier: object.spec.tier };
  return { asked, storageClass, attributesClass, retell: toRetell(seen.volumes, asked) };
}

interface Base {
  readonly driver: string;
  readonly base: StorageClass;
  readonly facts: DriverFacts;
}

/** What the policy builds on, or why it may not. */
function baseOf({ object, seen }: VolumesInput): Base | Refusal {
  const { spec, metadata } = object;
  const { cluster } = seen;
  const ref = spec.storageClusterRef?.name ?? '';
  if (cluster === undefined) return { code: 'StorageClusterNotFound', message: `spec.storageClusterRef: there is no StorageCluster ${ref}.` };
  const ready = findCondition(cluster.status?.conditions, 'Ready');
  if (cluster.status?.observedGeneration !== cluster.metadata.generation || ready === undefined) return { code: 'StorageClusterNotReady', message: `StorageCluster ${ref} was not looked at yet.` };
  if (ready.status !== 'True') return { code: 'StorageClusterNotReady', message: `StorageCluster ${ref} is not ready: ${ready.reason}: ${ready.message}` };
  const { offers, engine } = cluster.spec;
  const refusal = refusedOffer(spec, offers, { cluster: ref, namespace: metadata.namespace, selected: seen.selected });
  if (refusal !== undefined) return refusal;
  const tier = offers === undefined ? undefined : tierOf(spec, offers);
  const { driver, parameters } = engine.external;
  const base = seen.classes.find((one) => one.metadata.name === tier && one.provisioner === driver);
  if (base === undefined) return { code: 'StorageClusterNotReady', message: `StorageClass ${tier ?? ''}, which StorageCluster ${ref} offers, is not there.` };
  return { driver, base, facts: factsOf(driver, parameters) };
}

function ownerOf({ metadata: { namespace, name, uid } }: VolumePolicy): ClassOwner {
  return { namespace, name, uid };
}

function classPlan({ object, seen, now }: VolumesInput, wanted: StorageClass, facts: DriverFacts): ClassPlan | Refusal {
  const { name } = wanted.metadata;
  const old = seen.classes.find(({ metadata }) => metadata.name === name);
  const noted = object.status?.storageClass;
  const earlier = noted?.name === name ? (noted.earlier ?? []) : [];
  if (old === undefined) return { object: wanted, what: 'make', old, earlier };
  const owner = ownerOf(object);
  // One of a former policy of this name is taken over: there is one of a name at a time.
  const isFormer = old.metadata.labels?.[labels.policy] !== undefined && policyOfClass(old.metadata) === `${owner.namespace}/${owner.name}`;
  if (!isFormer) return { code: 'ClassNotOurs', message: `StorageClass ${name} exists, and this policy has not made it.` };
  if (isClassOf(old.metadata, owner) && sameClass(old, wanted)) return { object: wanted, what: 'asItIs', old, earlier };
  return { object: wanted, what: 'remake', old, earlier: remembering(earlier, old, facts, now) };
}

/** A crash after this was noted repeats it: what was noted of the same class is replaced. */
function remembering(earlier: readonly EarlierClass[], { metadata, parameters = {} }: StorageClass, facts: DriverFacts, now: number): EarlierClass[] {
  const since = metadata.creationTimestamp ?? '';
  const tier = metadata.annotations?.[annotations.tier];
  const known = new Set(Object.values(facts.storageClass).map(({ key }) => key.toLowerCase()));
  const kept = Object.entries(parameters).flatMap(([key, value]) => (known.has(key.toLowerCase()) ? [[key, value.slice(0, 256)] as const] : []));
  const entry: EarlierClass = { since, until: new Date(now).toISOString(), ...(tier === undefined ? {} : { tier }), parameters: Object.fromEntries(kept) };
  return [...earlier.filter((one) => one.since !== since), entry].slice(-rememberedClasses);
}

function attributesPlan({ attributesClasses = [] }: VolumesSeen, driver: string, rendering: Rendering, owner: ClassOwner): VolumesPlan['attributesClass'] | Refusal {
  const parameters = parametersBy('attributes', rendering);
  if (Object.keys(parameters).length === 0) return undefined;
  const name = attributesClassName(owner, driver, parameters);
  const found = attributesClasses.find(({ metadata }) => metadata.name === name);
  if (found !== undefined && !isClassOf(found.metadata, owner)) return { code: 'ClassNotOurs', message: `VolumeAttributesClass ${name} exists, and this policy has not made it.` };
  return { object: attributesClassOf(name, driver, rendering, owner), make: found === undefined };
}

/** What somebody else has chosen stays. */
function toRetell(volumes: readonly Volume[], { driver, attributesClass }: Asked): Volume[] {
  if (attributesClass === undefined) return [];
  return volumes.filter(({ governor, bound, driver: own, attributes: { wanted, ours } }) => governor === undefined && bound && own === driver && wanted !== attributesClass && (wanted === undefined || ours));
}
