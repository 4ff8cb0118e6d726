import { gradeSchema } from '../../api/common.js';
import type { ListedPoint, MoverRequest } from '../request.js';
import { kinds } from './arguments.js';
import type { ResticSnapshot } from './output.js';

/** Whether it makes a set of volumes a copy. Pure. */
export function isRecoveryPoint({ tags }: ResticSnapshot): boolean {
  return tags.includes(kinds.recoveryPoint);
}

type SealedVolume = Extract<MoverRequest['task'], { verb: 'seal' }>['volumes'][number];

/** Ids of the volumes that are not in the repository as they were written. Pure. */
export function missingVolumes(volumes: readonly SealedVolume[], found: readonly ResticSnapshot[]): string[] {
  return volumes.filter((volume) => !found.some((s) => s.id === volume.snapshotId && s.tree === volume.tree)).map((volume) => volume.snapshotId);
}

/** The recovery points among snapshots, newest cut first, each id once: of two that were written under one id the later one counts. Pure. */
export function recoveryPointsOf(snapshots: readonly ResticSnapshot[]): ListedPoint[] {
  const points = new Map<string, ListedPoint>();
  for (const snapshot of [...snapshots].sort((a, b) => Date.parse(a.time) - Date.parse(b.time))) {
    const id = valueOf(snapshot, 'set');
    if (!isRecoveryPoint(snapshot) || id === undefined || id.length > 63) continue;
    const grade = gradeSchema.safeParse(valueOf(snapshot, 'grade'));
    points.set(id, { id, snapshotId: snapshot.id, cutAt: timeOf(snapshot), ...(grade.success ? { grade: grade.data } : {}) });
  }
  return [...points.values()].sort((a, b) => Date.parse(b.cutAt) - Date.parse(a.cutAt));
}

/** What fits into the last word of a mover. */
const mostListed = 12;

/** Those that are wanted by id, and the newest, in order. Pure. */
export function listed(points: readonly ListedPoint[], wanted: readonly string[]): ListedPoint[] {
  const first = points.filter(({ id }) => wanted.includes(id)).slice(0, mostListed / 2);
  const chosen = new Set([...first, ...points].slice(0, mostListed));
  return points.filter((point) => chosen.has(point));
}

function timeOf(snapshot: ResticSnapshot): string {
  const cut = Date.parse(valueOf(snapshot, 'cut') ?? snapshot.time);
  return new Date(Number.isNaN(cut) ? 0 : cut).toISOString();
}

function valueOf({ tags }: ResticSnapshot, name: string): string | undefined {
  return tags.find((tag) => tag.startsWith(`${name}=`))?.slice(name.length + 1);
}
