import type { Capability, CapabilityName, StorageClusterStatus } from '../../api/storagecluster.js';
import type { StorageCluster } from '../../api/kinds.js';
import type { SnapshotCapability } from '../../snapshots/capability.js';
import { enforceableFields, factsOf, type DriverFacts } from '../../storage/drivers/facts.js';
import { policyOfClass } from '../../storage/names.js';
import type { StorageClass } from '../../storage/render.js';
import type { Verdict } from '../status-writer.js';

/** What is found of a driver by looking. */
export interface Found {
  /** There is a CSIDriver of its name. */
  readonly installed: boolean;
  /** Nodes on which it is registered. */
  readonly nodes: number;
  readonly classes: readonly StorageClass[];
  readonly snapshots: SnapshotCapability;
  /** Volumes of it that have a VolumeAttributesClass. */
  readonly modified: number;
  /** VolumePolicies that refer to the StorageCluster. */
  readonly policies: number;
}

/** How a StorageCluster stands. */
export interface ClusterReport {
  readonly change: Pick<StorageClusterStatus, 'capabilities' | 'enforceable' | 'nodes' | 'policies'>;
  readonly verdict: Verdict;
}

/** How it stands. Pure. */
export function reportOf({ spec }: StorageCluster, found: Found): ClusterReport {
  const { driver, parameters } = spec.engine.external;
  const facts = factsOf(driver, parameters);
  const capabilities = [expansion(spec.offers?.classes, driver, found), modify(facts, found), snapshots(driver, found), groups(driver, found)];
  return { change: { capabilities, enforceable: enforceableFields(facts), nodes: found.nodes, policies: found.policies }, verdict: verdictOf(spec, found) };
}

function verdictOf({ engine, offers }: StorageCluster['spec'], found: Found): Verdict {
  const { driver } = engine.external;
  const waits = (reason: string, message: string): Verdict => ({ kind: 'working', reason, message });
  if (!found.installed) return waits('DriverNotFound', `spec.engine.external.driver: there is no CSIDriver ${driver}.`);
  if (found.nodes === 0) return waits('DriverNotFound', `spec.engine.external.driver: CSIDriver ${driver} is there, and no node has registered the driver.`);
  for (const name of offers?.classes ?? []) {
    const why = unusable(name, driver, found.classes);
    if (why !== undefined) return waits('OfferedClassUnusable', `spec.offers.classes: StorageClass ${name} ${why}.`);
  }
  return { kind: 'ready', reason: 'Adopted', message: `The driver ${driver} is registered on ${found.nodes} node${found.nodes === 1 ? '' : 's'}.${offers === undefined ? ' Nothing of it is offered: spec.offers is not set.' : ''}` };
}

function unusable(name: string, driver: string, classes: readonly StorageClass[]): string | undefined {
  const found = classes.find(({ metadata }) => metadata.name === name);
  if (found === undefined) return 'does not exist';
  if (found.provisioner !== driver) return `is of the driver ${found.provisioner ?? ''}`;
  const policy = policyOfClass(found.metadata);
  return policy === undefined ? undefined : `was made for VolumePolicy ${policy}`;
}

/** By the classes that are offered; without an offer, by all of the driver. */
function expansion(offered: readonly string[] | undefined, driver: string, { classes }: Found): Capability {
  const asked = classes.filter(({ metadata, provisioner }) => provisioner === driver && policyOfClass(metadata) === undefined && offered?.includes(metadata.name) !== false);
  const able = asked.filter((one) => one.allowVolumeExpansion === true).map(({ metadata }) => metadata.name);
  const others = asked.map(({ metadata }) => metadata.name).filter((name) => !able.includes(name));
  if (asked.length === 0) return capability('Expansion', 'Unknown', 'There is no StorageClass of the driver.');
  if (able.length === 0) return capability('Expansion', 'Unavailable', `No StorageClass has allowVolumeExpansion: ${some(others)}.`);
  return capability('Expansion', 'Available', `StorageClasses with allowVolumeExpansion: ${some(able)}.${others.length === 0 ? '' : ` Without: ${some(others)}.`}`);
}

/** The API does not say it of a driver: only a volume that was changed shows it. */
function modify({ attributes }: DriverFacts, { modified }: Found): Capability {
  if (modified > 0) return capability('Modify', 'Available', `Volumes with a VolumeAttributesClass: ${modified}.`);
  if (Object.keys(attributes).length === 0) return capability('Modify', 'Unavailable', 'No parameter of a VolumeAttributesClass is known for this driver.');
  return capability('Modify', 'Unknown', 'No volume of the driver has a VolumeAttributesClass yet. It needs a driver with MODIFY_VOLUME and the sidecar external-resizer.');
}

function snapshots(driver: string, { snapshots: { singleClasses } }: Found): Capability {
  const own = singleClasses.filter((one) => one.driver === driver).map(({ name }) => name);
  if (own.length === 0) return capability('Snapshots', 'Unavailable', 'There is no VolumeSnapshotClass of the driver.');
  return capability('Snapshots', 'Available', `VolumeSnapshotClasses: ${some(own)}.`);
}

function groups(driver: string, { snapshots: { group, groupClasses } }: Found): Capability {
  const own = groupClasses.filter((one) => one.driver === driver).map(({ name }) => name);
  if (group === undefined) return capability('GroupSnapshots', 'Unavailable', 'The cluster does not serve VolumeGroupSnapshots.');
  if (own.length === 0) return capability('GroupSnapshots', 'Unavailable', 'There is no VolumeGroupSnapshotClass of the driver.');
  return capability('GroupSnapshots', 'Available', `VolumeGroupSnapshotClasses: ${some(own)}.`);
}

const longest = 1024;

function capability(name: CapabilityName, state: Capability['state'], message: string): Capability {
  return { name, state, message: message.slice(0, longest) };
}

const shown = 3;

function some(names: readonly string[]): string {
  const sorted = [...names].sort();
  return `${sorted.slice(0, shown).join(', ')}${sorted.length > shown ? ` and ${sorted.length - shown} more` : ''}`;
}
