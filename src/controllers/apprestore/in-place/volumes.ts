import { annotations, labels } from '../../../api/common.js';
import type { PreviousVolume } from '../../../api/apprestore.js';
import type { AppRestore } from '../../../api/kinds.js';
import { cleaned } from '../../../manifests/clean.js';
import { isRecord, record, type Json } from '../../../manifests/json.js';
import { isAlreadyExists } from '../../../runtime/api-error.js';
import type { Client } from '../../../runtime/client.js';
import type { KubeObject } from '../../../runtime/object.js';
import { parseJson } from '../../../runtime/parse-json.js';
import { persistentVolumeClaims, persistentVolumes } from '../../../runtime/resource.js';

/**
 * What the operator itself changes in PersistentVolumes, which no account of a tenant may. Each patch is of the state that was seen (uid and resourceVersion): a
 * volume that has changed since is looked at anew. The policy stillpoint-volume admits nothing else.
 */

/** The volume outlives its claim, says whose it was and by whom it is kept. */
export async function keepVolume(client: Client, object: AppRestore, { reclaimPolicy }: PreviousVolume, volume: KubeObject, claim: KubeObject | undefined): Promise<void> {
  const marks = { [annotations.reclaimPolicy]: reclaimPolicy, ...(claim === undefined ? {} : { [annotations.previousClaim]: JSON.stringify(claimAsItWas(claim)) }) };
  await patchVolume(client, volume, { labels: { [labels.keptBy]: object.metadata.uid }, annotations: marks }, { persistentVolumeReclaimPolicy: 'Retain' });
}

/** The volume belongs to the claim of this uid, which has the name of the one that it belonged to. */
export async function bindVolume(client: Client, volume: KubeObject, uid: string): Promise<void> {
  await patchVolume(client, volume, {}, { claimRef: { uid, resourceVersion: null } });
}

/** The volume is as it was before it was kept. */
export async function giveBackVolume(client: Client, { reclaimPolicy }: PreviousVolume, volume: KubeObject): Promise<void> {
  const none = { labels: { [labels.keptBy]: null }, annotations: { [annotations.reclaimPolicy]: null, [annotations.previousClaim]: null } };
  await patchVolume(client, volume, none, { persistentVolumeReclaimPolicy: reclaimPolicy });
}

async function patchVolume(client: Client, { metadata: { name, uid, resourceVersion } }: KubeObject, marks: object, spec: object): Promise<void> {
  await client.mergePatch(persistentVolumes, { name }, { metadata: { uid, resourceVersion, ...marks }, spec });
}

/** Makes the claim of an old volume again, as the account. One that is there meanwhile is looked at. */
export async function createClaim(client: Client, object: AppRestore, { claim }: PreviousVolume, volume: KubeObject): Promise<void> {
  try {
    await client.create(persistentVolumeClaims, claimOfVolume(volume, { namespace: object.metadata.namespace, name: claim }));
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

/** The claim as somebody would have to write it; with the mark of the restore that made it, if one did: that one may be rolled back, too. Pure. */
export function claimAsItWas(claim: KubeObject): KubeObject {
  const manifest = cleaned(persistentVolumeClaims, claim);
  const madeBy = claim.metadata.labels?.[labels.restore];
  const metadata = madeBy === undefined ? manifest.metadata : { ...manifest.metadata, labels: { ...manifest.metadata.labels, [labels.restore]: madeBy } };
  return { ...manifest, apiVersion: 'v1', kind: persistentVolumeClaims.kind, metadata };
}

/** A claim that only this volume satisfies: as it was noted on the volume, or else as the volume itself tells. Pure. */
export function claimOfVolume(volume: KubeObject, { namespace, name }: { readonly namespace: string; readonly name: string }): KubeObject {
  const noted = record(parseJson(volume.metadata.annotations?.[annotations.previousClaim] ?? '{}'));
  const { labels: own, annotations: notes } = record(noted['metadata']);
  const spec = isRecord(noted['spec']) ? noted['spec'] : specOf(volume);
  const metadata = { namespace, name, ...(isRecord(own) ? { labels: own as Record<string, string> } : {}), ...(isRecord(notes) ? { annotations: notes as Record<string, string> } : {}) };
  return { apiVersion: 'v1', kind: persistentVolumeClaims.kind, metadata, spec: { ...spec, volumeName: volume.metadata.name } };
}

function specOf(volume: KubeObject): Json {
  const { accessModes, capacity, storageClassName, volumeMode } = record(volume['spec']);
  return {
    accessModes,
    resources: { requests: { storage: record(capacity)['storage'] } },
    ...(volumeMode === undefined ? {} : { volumeMode }),
    // Without a class, the default one would be put in.
    storageClassName: storageClassName ?? '',
  };
}
