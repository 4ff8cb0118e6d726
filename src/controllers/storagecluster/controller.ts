import { storageClusters, type StorageCluster } from '../../api/kinds.js';
import type { StorageClusterStatus } from '../../api/storagecluster.js';
import { findCondition } from '../../runtime/conditions.js';
import type { ReconcileContext } from '../../runtime/controller.js';
import type { KubeObject } from '../../runtime/object.js';
import type { Outcome } from '../../runtime/outcome.js';
import { csiDrivers, csiNodes, storageClasses } from '../../runtime/resource.js';
import { discoverCapability } from '../../snapshots/capability.js';
import { getOrUndefined } from '../../runtime/get-or-undefined.js';
import type { StorageClass } from '../../storage/render.js';
import type { OperatorDeps } from '../deps.js';
import { isSaid } from '../news.js';
import { reconciler } from '../reconciler.js';
import { StatusWriter } from '../status-writer.js';
import { later, onChange, type StepResult } from '../step.js';
import { reportOf, type ClusterReport, type Found } from './capabilities.js';

type ClusterWriter = StatusWriter<StorageClusterStatus, StorageCluster>;

/** Nothing tells of classes and drivers that come and go. */
const lookAgainSeconds = 60;

/** The controller of StorageClusters: it looks at a driver that others run, and changes nothing of it. */
export function reconcileStorageCluster(deps: OperatorDeps): (key: string, context: ReconcileContext) => Promise<Outcome> {
  return reconciler<StorageCluster, ClusterWriter>(
    {
      type: storageClusters,
      refused: undefined,
      writer: (object, own) => new StatusWriter<StorageClusterStatus, StorageCluster>({ client: own.client, type: storageClusters, clock: own.clock, object }),
      step: look,
      report: (writer, own, error, verdict) => say(writer, { change: {}, verdict }, own),
    },
    deps,
  );
}

async function look(writer: ClusterWriter, deps: OperatorDeps): Promise<StepResult> {
  if (writer.object.metadata.deletionTimestamp !== undefined) return onChange;
  await say(writer, reportOf(writer.object, await find(writer.object, deps)), deps);
  return later(lookAgainSeconds);
}

async function find({ metadata, spec }: StorageCluster, { client, caches }: OperatorDeps): Promise<Found> {
  const { driver } = spec.engine.external;
  const [object, nodes, classes, snapshots] = await Promise.all([
    getOrUndefined(client, csiDrivers, { name: driver }),
    client.list<CsiNode>(csiNodes),
    client.list<StorageClass>(storageClasses),
    discoverCapability(client),
  ]);
  return {
    installed: object !== undefined,
    nodes: nodes.items.filter(({ spec: own }) => own?.drivers?.some(({ name }) => name === driver) === true).length,
    classes: classes.items,
    snapshots,
    modified: caches.volumes.list().filter((volume) => volume.driver === driver && volume.attributesClass !== undefined).length,
    policies: caches.volumePolicies.list().filter(({ spec: own }) => own.storageClusterRef?.name === metadata.name).length,
  };
}

interface CsiNode extends KubeObject {
  readonly spec?: { readonly drivers?: readonly { readonly name: string }[] | null };
}

async function say(writer: ClusterWriter, { change, verdict }: ClusterReport, deps: OperatorDeps): Promise<void> {
  const { object } = writer;
  const ready = findCondition(object.status?.conditions, 'Ready');
  const turned = ready?.reason !== verdict.reason || ready.message !== verdict.message;
  if (!turned && object.status?.observedGeneration === object.metadata.generation && isSaid(object.status ?? {}, change)) return;
  await writer.write(change, verdict);
  if (ready?.reason !== verdict.reason) deps.events.record({ regarding: object, type: verdict.kind === 'ready' ? 'Normal' : 'Warning', reason: verdict.reason, action: 'Adopt', note: verdict.message });
}
