import { labels } from '../api/common.js';
import { isConflict, isInvalid, isNotFound } from '../runtime/api-error.js';
import type { Client } from '../runtime/client.js';
import { persistentVolumeClaims, volumeSnapshotContents, volumeSnapshots } from '../runtime/resource.js';
import type { GroupTypes } from './capability.js';
import type { SetMember } from './members.js';
import { claimUidAnnotation, driverLabel, setLabels, stageLabel } from './names.js';
import type { ObservedSet, SetRef } from './observe-set.js';

/** What a copy says about itself without us: labels (at most 63 characters each) and annotations for one claim's snapshot. */
export interface MemberMarks {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Marks every member's VolumeSnapshot and content, and the groups' contents, with the set; the snapshots also with what
 * `marks` says of their claim (by uid). A snapshot that was replaced under its name is left alone and named in the error.
 */
export async function labelSet(
  client: Client,
  group: GroupTypes | undefined,
  ref: SetRef & { readonly appSnapshotUid: string },
  observed: ObservedSet,
  members: readonly SetMember[],
  marks: ReadonlyMap<string, MemberMarks>,
): Promise<void> {
  const set = setLabels(ref.setId, ref.appSnapshotUid);
  const contentPatch = { metadata: { labels: set } };
  await Promise.all([
    ...members.map(async (member) => {
      const own = marks.get(member.claimUid);
      const annotations = { ...own?.annotations, [claimUidAnnotation]: member.claimUid };
      const metadata = { uid: member.snapshotUid, labels: { ...own?.labels, ...set }, annotations };
      await client.mergePatch(volumeSnapshots, { namespace: ref.namespace, name: member.snapshot }, { metadata });
      if (member.content !== undefined) await client.mergePatch(volumeSnapshotContents, { name: member.content }, contentPatch);
    }),
    ...observed.groups.map(async ({ content }) => {
      if (group !== undefined && content !== undefined) await client.mergePatch(group.contents, { name: content.metadata.name }, contentPatch);
    }),
  ]);
}

/** Takes the temporary labels of a set off the claims. Can be repeated; a claim that another set has labelled since is left alone. */
export async function unlabelClaims(client: Client, ref: SetRef): Promise<void> {
  const { items } = await client.list(persistentVolumeClaims, { namespace: ref.namespace, labelSelector: `${labels.set}=${ref.setId}` });
  await Promise.all(
    items.map(async ({ metadata }) => {
      const drop = [
        { op: 'test', path: `/metadata/labels/${pointer(labels.set)}`, value: ref.setId },
        ...[labels.set, driverLabel, stageLabel].filter((key) => metadata.labels?.[key] !== undefined).map((key) => ({ op: 'remove', path: `/metadata/labels/${pointer(key)}` })),
      ];
      try {
        await client.jsonPatch(persistentVolumeClaims, { namespace: ref.namespace, name: metadata.name }, drop);
      } catch (error) {
        // Gone, or changed by somebody else in between: then the label is not this set's any more.
        if (!isNotFound(error) && !isConflict(error) && !isInvalid(error)) throw error;
      }
    }),
  );
}

function pointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
