import type { Drift } from '../api/volumes.js';
import { bytesOf } from '../manifests/quantity.js';
import { type Growth, notItsOwn, sizeText, usedPercent } from './growth.js';
import { madeWith, type ClassVersion } from './made-with.js';
import type { Rendering, Told } from './render.js';
import type { Volume } from './volume.js';

/** What a policy asks of its volumes, as its driver is told it. */
export interface Asked {
  readonly driver: string;
  /** The StorageClass of the policy. */
  readonly className: string;
  /** Its VolumeAttributesClass; undefined: nothing is told by one. */
  readonly attributesClass: string | undefined;
  readonly rendering: Rendering;
  /** As the spec says it, if it does. */
  readonly tier: string | undefined;
}

/** What volumes are held against. */
export interface Measure {
  /** Undefined: the policy is not followed, or says nothing of this. */
  readonly asked: Asked | undefined;
  readonly growth: Growth | undefined;
  readonly versions: readonly ClassVersion[];
}

const longest = 512;

/** In what a volume is not as the policy wants it, with the way out; empty: in nothing. Pure. */
export function driftOf(volume: Volume, measure: Measure): Drift[] {
  if (volume.governor !== undefined) return [drift('selector', 'OtherPolicy', `VolumePolicy ${volume.governor} is older and has this claim in its selection as well. Let spec.selector of one of them leave it out.`)];
  if (!volume.bound) return [drift('selector', 'NotBound', 'The claim is not bound to a volume yet. See the events of it; with volumeBindingMode WaitForFirstConsumer it waits for a pod.')];
  return [...(measure.asked === undefined ? [] : ofStorage(volume, measure.asked, measure)), ...(measure.growth === undefined ? [] : ofGrowth(volume, measure.growth))];
}

function drift(field: string, reason: Drift['reason'], message: string): Drift {
  return { field, reason, message: message.slice(0, longest) };
}

function ofStorage(volume: Volume, asked: Asked, { versions }: Measure): Drift[] {
  if (volume.driver !== asked.driver) {
    return [drift('storageClusterRef', 'OtherDriver', `Its volume is ${volume.driver === undefined ? 'of no CSI driver' : `of the driver ${volume.driver}`}, not of ${asked.driver}. ${wayOut(volume, asked)}`)];
  }
  const { className, claimedAt, madeAt } = volume;
  const possible = madeAt === undefined ? [] : madeWith({ className, claimedAt, madeAt }, versions);
  const told = asked.rendering.told.flatMap((one) => {
    if (one.by === 'storageClass') return ofClass(volume, one, asked, possible);
    return one.by === 'attributes' ? ofAttributes(volume, one, asked) : [];
  });
  return [...ofTier(volume, asked, possible), ...told];
}

/** By an old class a volume is what it was made as: nothing changes it. */
function ofClass(volume: Volume, { wish, key, text }: Told, asked: Asked, possible: readonly ClassVersion[]): Drift[] {
  const field = wish.path.replace(/^spec\./, '');
  const had = new Set(possible.map(({ parameters }) => valueOf(parameters, key)));
  if (had.size === 1 && had.has(text)) return [];
  if (had.size === 0 || had.has(text)) return [drift(field, 'NotKnown', `Whether it was made with ${key}=${text} is not known: ${unknownWhy(possible)} ${wayOut(volume, asked)}`)];
  const values = [...had].map((value) => (value === undefined ? `without ${key}` : `with ${key}=${value}`));
  return [drift(field, 'MadeBefore', `It was made ${values.join(' or ')}, and the policy asks for ${key}=${text}. ${wayOut(volume, asked)}`)];
}

function ofTier(volume: Volume, asked: Asked, possible: readonly ClassVersion[]): Drift[] {
  const { tier } = asked;
  if (tier === undefined || (possible.length > 0 && possible.every((version) => version.tier === tier))) return [];
  if (possible.length === 0 || possible.some((version) => version.tier === tier)) return [drift('tier', 'NotKnown', `Whether it was made like ${tier} is not known: ${unknownWhy(possible)} ${wayOut(volume, asked)}`)];
  return [drift('tier', 'MadeBefore', `It was made like ${possible[0]?.tier ?? 'another class'}, and the policy asks for ${tier}. ${wayOut(volume, asked)}`)];
}

function unknownWhy(possible: readonly ClassVersion[]): string {
  return possible.length === 0 ? 'its class is not there any more, or is not from before it.' : 'its class was replaced while it was made.';
}

/** Drivers read keys in any case. */
function valueOf(parameters: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.entries(parameters).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
}

function wayOut({ className }: Volume, asked: Asked): string {
  const rewrite = className === undefined || className === asked.className ? '' : `, spec.rewrite.storageClasses ${className}: ${asked.className}`;
  return `A new claim of StorageClass ${asked.className} has it: restore a copy (AppRestore${rewrite}) or move the data.`;
}

function ofAttributes({ attributes }: Volume, { wish }: Told, { attributesClass = '' }: Asked): Drift[] {
  const field = wish.path.replace(/^spec\./, '');
  const { wanted, ours, current, state, error } = attributes;
  const isTold = wanted === attributesClass;
  if (isTold && current === attributesClass && state === undefined) return [];
  if (!isTold && wanted !== undefined && !ours) {
    return [drift(field, 'AttributesOfOthers', `Its spec.volumeAttributesClassName is ${wanted}, which no policy has given it: it is left alone. Set it to ${attributesClass} to have it follow the policy.`)];
  }
  if (isTold && state === 'Infeasible') return [drift(field, 'AttributesRefused', `The storage refuses it: ${error ?? 'it does not say why'}. Ask for what it can do.`)];
  if (isTold && error !== undefined) return [drift(field, 'AttributesRefused', `The storage has not done it, and is asked again: ${error}`)];
  return [drift(field, 'AttributesChanging', `It is being changed by VolumeAttributesClass ${attributesClass}. If it stays so, the external-resizer of the driver does not run, or without its feature VolumeAttributesClass.`)];
}

function ofGrowth(volume: Volume, { whenUsedPercent, max }: Growth): Drift[] {
  const { requested, capacity, usage } = volume;
  const unknown = (why: string): Drift[] => [drift('growth', 'UsageNotKnown', `How full it is is not known: ${why}`)];
  if (volume.block) return unknown('it is a raw block volume. Let spec.selector leave it out.');
  if (!volume.expandable) return [drift('growth', 'ExpansionNotAllowed', `StorageClass ${volume.className ?? '(none)'} does not allow expansion: an admin sets allowVolumeExpansion of it, if the driver can expand.`)];
  if (capacity === undefined || requested > capacity) return [drift('growth', 'Expanding', `It is growing to ${sizeText(requested)}${volume.resizing === undefined ? '.' : `: ${volume.resizing}`}`)];
  // What nobody mounts does not fill up.
  if (!volume.mounted) return [];
  if (usage === undefined || 'error' in usage) return unknown(usage?.error ?? 'no container that mounts it was running when it was last looked at.');
  const used = usedPercent(usage);
  if (used === undefined) return unknown('its file system has no size.');
  const other = notItsOwn(usage, capacity);
  if (other !== undefined) return unknown(other);
  if (used < whenUsedPercent || capacity < bytesOf(max)) return [];
  return [drift('growth', 'MaxReached', `${used} % of it are used, and it has reached spec.growth.max of ${max}. Raise that, or free space.`)];
}
