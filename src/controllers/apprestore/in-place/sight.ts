import { labels } from '../../../api/common.js';
import type { AppRestore } from '../../../api/kinds.js';
import { mountedClaims } from '../../../hooks/workload.js';
import { valueAt } from '../../../manifests/json.js';
import type { KubeObject } from '../../../runtime/object.js';
import { persistentVolumeClaims, persistentVolumes, pods, volumeAttachments } from '../../../runtime/resource.js';
import { getOrUndefined } from '../../../runtime/get-or-undefined.js';
import type { OperatorDeps } from '../../deps.js';
import { projectPod } from '../../views.js';
import type { Seen, SeenClaim, SeenVolume } from './swap.js';
import { claimsOf } from './wanted.js';

/** What there is of the claims of a restore in place and of their old volumes. Read from the API server: caches may be late. */
export interface Sight {
  /** Claims of the namespace, by name. */
  readonly claims: ReadonlyMap<string, KubeObject>;
  /** Old volumes, by name. */
  readonly volumes: ReadonlyMap<string, KubeObject>;
  /** What still has the claims, or the old volumes, in phrases. Empty: nothing can write to them. */
  readonly users: readonly string[];
}

export async function look(object: AppRestore, { client }: Pick<OperatorDeps, 'client'>): Promise<Sight> {
  const { namespace } = object.metadata;
  const names = (object.status?.previousVolumes ?? []).map(({ volume }) => volume);
  const [claims, found, users] = await Promise.all([
    client.list(persistentVolumeClaims, { namespace }),
    Promise.all(names.map((name) => getOrUndefined(client, persistentVolumes, { name }))),
    usersOf(namespace, claimsOf(object), new Set(names), { client }),
  ]);
  const volumes = found.flatMap((volume) => (volume === undefined ? [] : [[volume.metadata.name, volume] as const]));
  return { claims: new Map(claims.items.map((claim) => [claim.metadata.name, claim])), volumes: new Map(volumes), users };
}

/** A pod counts as long as its object is there: also one that has ended keeps its claims from going. */
async function usersOf(namespace: string, claims: ReadonlySet<string>, volumes: ReadonlySet<string>, { client }: Pick<OperatorDeps, 'client'>): Promise<string[]> {
  const { items } = await client.list(pods, { namespace });
  const using = items.filter((pod) => [...mountedClaims(projectPod(pod))].some((claim) => claims.has(claim)));
  if (using.length > 0) return using.map(({ metadata }) => `pod ${metadata.name}${metadata.deletionTimestamp === undefined ? '' : ' (is being deleted)'}`);
  const attachments = (await client.list(volumeAttachments)).items;
  return attachments.flatMap((attachment) => {
    const volume = valueAt(attachment, ['spec', 'source', 'persistentVolumeName']);
    return typeof volume === 'string' && volumes.has(volume) ? [`volume ${volume} (is attached to node ${String(valueAt(attachment, ['spec', 'nodeName']))})`] : [];
  });
}

/** What was seen of one claim and the volume of this name. Pure. */
export function seenOf({ claims, volumes, users }: Sight, claim: string, volume: string | undefined): Seen {
  const found = claims.get(claim);
  const old = volume === undefined ? undefined : volumes.get(volume);
  return { claim: found === undefined ? undefined : seenClaim(found), volume: old === undefined ? undefined : seenVolume(old), atRest: users.length === 0 };
}

export function seenClaim(object: KubeObject): SeenClaim {
  const { uid = '', deletionTimestamp, labels: own } = object.metadata;
  return { uid, volume: textAt(object, 'spec', 'volumeName'), phase: textAt(object, 'status', 'phase') ?? 'Pending', deleting: deletionTimestamp !== undefined, madeBy: own?.[labels.restore] };
}

export function seenVolume(object: KubeObject): SeenVolume {
  const { uid = '', deletionTimestamp, labels: own } = object.metadata;
  const name = textAt(object, 'spec', 'claimRef', 'name');
  return {
    uid,
    claim: name === undefined ? undefined : `${textAt(object, 'spec', 'claimRef', 'namespace') ?? ''}/${name}`,
    claimUid: textAt(object, 'spec', 'claimRef', 'uid'),
    phase: textAt(object, 'status', 'phase') ?? 'Pending',
    reclaimPolicy: textAt(object, 'spec', 'persistentVolumeReclaimPolicy') ?? 'Retain',
    keptBy: own?.[labels.keptBy],
    deleting: deletionTimestamp !== undefined,
  };
}

function textAt(object: KubeObject, ...path: readonly string[]): string | undefined {
  const value = valueAt(object, path);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
