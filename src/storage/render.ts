import { annotations, labels } from '../api/common.js';
import { canonicalJson } from '../manifests/captured.js';
import type { KubeObject } from '../runtime/object.js';
import { parameterText, type DriverFacts } from './drivers/facts.js';
import type { Wish } from './wishes.js';

/** A wish as the driver is told it. */
export interface Told {
  readonly wish: Wish;
  /** Nothing has to be told where the driver does it anyway. */
  readonly by: 'storageClass' | 'attributes' | 'itself';
  readonly key: string;
  readonly text: string;
}

/** What a policy comes to for one driver. */
export interface Rendering {
  readonly told: readonly Told[];
  /** What the driver cannot be told, with why. */
  readonly untold: readonly { readonly wish: Wish; readonly why: string }[];
}

/** How each wish is told: on volumes in use where that is possible. `canModify`: whether a VolumeAttributesClass can be used. Pure. */
export function render(wishes: readonly Wish[], facts: DriverFacts, canModify: boolean): Rendering {
  const told: Told[] = [];
  const untold: { wish: Wish; why: string }[] = [];
  for (const wish of wishes) {
    const attribute = canModify ? facts.attributes[wish.field] : undefined;
    const parameter = attribute ?? facts.storageClass[wish.field];
    if (wish.field === 'encryption' && parameter === undefined && facts.encrypts === true) {
      told.push({ wish, by: 'itself', key: '', text: '' });
      continue;
    }
    const text = parameter === undefined ? undefined : parameterText(wish.value, parameter);
    if (parameter === undefined) untold.push({ wish, why: facts.attributes[wish.field] === undefined ? 'has no parameter for it' : 'can be told it by a VolumeAttributesClass only, and the cluster does not serve these' });
    else if (text === undefined) untold.push({ wish, why: `cannot be told ${wish.text}, only ${Object.keys(parameter.words ?? {}).join(', ')}` });
    else told.push({ wish, by: attribute === undefined ? 'storageClass' : 'attributes', key: parameter.key, text });
  }
  return { told, untold: [...untold, ...contradictions(told)] };
}

/** One parameter cannot say two things. */
function contradictions(told: readonly Told[]): Rendering['untold'] {
  return told.flatMap((one, i) => {
    const other = told.slice(0, i).find(({ by, key, text }) => by === one.by && key === one.key && text !== one.text);
    return other === undefined ? [] : [{ wish: one.wish, why: `is told it by the same parameter as ${other.wish.path}, ${one.key}` }];
  });
}

/** Parameters of what was told in one way. Pure. */
export function parametersBy(by: Told['by'], { told }: Rendering): Record<string, string> {
  return Object.fromEntries(told.filter((one) => one.by === by).map(({ key, text }) => [key, text]));
}

/** A StorageClass, as far as classes are made from it and compared. */
export interface StorageClass extends KubeObject {
  readonly provisioner?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly reclaimPolicy?: string;
  readonly volumeBindingMode?: string;
  readonly allowVolumeExpansion?: boolean;
  readonly mountOptions?: readonly string[];
  readonly allowedTopologies?: readonly unknown[];
}

/** The policy that a class is made for. */
export interface ClassOwner {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** The StorageClass of a policy: that of its tier, with what is told in place of parameters of the same names, which drivers read in any case. Pure. */
export function storageClassOf(name: string, base: StorageClass, rendering: Rendering, owner: ClassOwner): StorageClass {
  const own = parametersBy('storageClass', rendering);
  const taken = new Set(Object.keys(own).map((key) => key.toLowerCase()));
  const parameters = { ...Object.fromEntries(Object.entries(base.parameters ?? {}).filter(([key]) => !taken.has(key.toLowerCase()))), ...own };
  const { provisioner, reclaimPolicy, volumeBindingMode, allowVolumeExpansion, mountOptions, allowedTopologies } = base;
  const kept = Object.entries({ provisioner, reclaimPolicy, volumeBindingMode, allowVolumeExpansion, mountOptions, allowedTopologies, parameters });
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: marked(name, owner, { [annotations.tier]: base.metadata.name }),
    ...(Object.fromEntries(kept.filter(([, value]) => value !== undefined)) as Partial<StorageClass>),
  };
}

/** The VolumeAttributesClass of a policy. Pure. */
export function attributesClassOf(name: string, driver: string, rendering: Rendering, owner: ClassOwner): KubeObject {
  return { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttributesClass', metadata: marked(name, owner), driverName: driver, parameters: parametersBy('attributes', rendering) };
}

function marked(name: string, owner: ClassOwner, more: Readonly<Record<string, string>> = {}): KubeObject['metadata'] {
  return { name, labels: { [labels.policy]: owner.uid }, annotations: { [annotations.policyOf]: `${owner.namespace}/${owner.name}`, ...more } };
}

const compared = ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode', 'allowVolumeExpansion', 'mountOptions', 'allowedTopologies'] as const;

/** Whether two classes make the same volumes, and say so. What a class leaves out is what the API server would fill in. Pure. */
export function sameClass(a: StorageClass, b: StorageClass): boolean {
  const filled = { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' };
  const whole = (c: StorageClass): object => ({ ...filled, ...Object.fromEntries(compared.flatMap((field) => (isEmpty(c[field]) ? [] : [[field, c[field]]]))), tier: c.metadata.annotations?.[annotations.tier] ?? '' });
  return canonicalJson(whole(a)) === canonicalJson(whole(b));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === false || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}
