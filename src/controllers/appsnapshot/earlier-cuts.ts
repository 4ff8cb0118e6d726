import type { AppSnapshotStatus } from '../../api/appsnapshot.js';
import type { AppSnapshot } from '../../api/kinds.js';
import { shapesOf, type EarlierCut } from '../../snapshots/expected-cut.js';
import { singleName } from '../../snapshots/names.js';

/** So many windows are looked at: storage changes. */
const newest = 5;

/** What the newest copies of a namespace say of how long their cuts took. Failed windows say nothing: a storage that hung once must not refuse all that follows. */
export function earlierCuts(copies: readonly AppSnapshot[]): EarlierCut[] {
  return copies
    .flatMap(({ status }) => (status?.window?.cutMillis === undefined || status.window.openedAt === undefined ? [] : [{ status, at: status.window.openedAt, millis: status.window.cutMillis }]))
    .filter(({ status }) => status.phase === 'Ready' && (status.members?.length ?? 0) > 0)
    .sort((a, b) => (a.at < b.at ? 1 : -1))
    .slice(0, newest)
    .map(({ status, millis }) => ({ millis, shapes: shapesOf((status.members ?? []).map((m) => cutOf(m, status.setId))) }));
}

type Member = NonNullable<AppSnapshotStatus['members']>[number];

/** A single snapshot has a name of ours, the member of a group one that the snapshot-controller chose. */
function cutOf(member: Member, setId: string | undefined): Parameters<typeof shapesOf>[0][number] {
  const { claim: name, uid, driver, volumeHandle = '' } = member;
  const single = setId !== undefined && member.snapshot === singleName(setId, uid);
  return { driver, kind: single ? 'single' : 'group', claims: [{ name, uid, driver, volumeHandle }] };
}
