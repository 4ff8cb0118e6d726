import type { VolumePolicy } from '../../../api/kinds.js';
import type { DrillStatus } from '../../../api/volumepolicy.js';
import type { PolicyCopy } from '../copies.js';

/** The BackupTarget that drills of a policy read; undefined: they read snapshots. Pure. */
export function drilledTarget({ spec }: VolumePolicy): string | undefined {
  const { verify, copies = [] } = spec.protection ?? {};
  // Where none is named there is one only: the schema sees to that.
  return verify?.from === 'Target' ? (verify.targetRef ?? copies[0]?.targetRef)?.name : undefined;
}

/** What is wrong with the target that the spec names. Pure. */
export function wrongTarget(object: VolumePolicy): string | undefined {
  const target = drilledTarget(object);
  const names = (object.spec.protection?.copies ?? []).map(({ targetRef }) => targetRef.name);
  if (target === undefined || names.includes(target)) return undefined;
  return `spec.protection.verify.targetRef: copies of this policy do not go to BackupTarget ${target}. Name one of spec.protection.copies: ${names.join(', ')}.`;
}

/** The copy that a drill restores, as status names it. Pure. */
export function copyToDrill(copies: readonly PolicyCopy[], target: string | undefined): Pick<DrillStatus, 'copy' | 'target' | 'recoveryPoint'> | undefined {
  const staying = copies.filter((copy) => !copy.leaving).sort((a, b) => (b.cutAt ?? 0) - (a.cutAt ?? 0));
  return target === undefined ? inSnapshots(staying) : inTarget(staying, target);
}

/** The newest copy that no restore has verified; when all are, the newest. Snapshots that are to go are left alone. */
function inSnapshots(newestFirst: readonly PolicyCopy[]): Pick<DrillStatus, 'copy'> | undefined {
  const ready = newestFirst.filter((copy) => copy.state === 'ready' && !copy.expiring);
  const chosen = ready.find((copy) => copy.verifiedAt === undefined) ?? ready[0];
  return chosen === undefined ? undefined : { copy: chosen.name };
}

/** The newest that is whole there: what somebody would restore from it. Its snapshots may be gone. */
function inTarget(newestFirst: readonly PolicyCopy[], target: string): Pick<DrillStatus, 'copy' | 'target' | 'recoveryPoint'> | undefined {
  for (const copy of newestFirst) {
    const there = copy.targets.find((t) => t.target === target && t.state === 'complete' && !t.leaving);
    if (there?.id !== undefined) return { copy: copy.name, target, recoveryPoint: there.id };
  }
  return undefined;
}

/** The copy of a drill, and where it is read from, within a sentence. Pure. */
export function drilledText({ copy, target }: Pick<DrillStatus, 'copy' | 'target'>): string {
  return `AppSnapshot ${copy}${target === undefined ? '' : ` from BackupTarget ${target}`}`;
}
