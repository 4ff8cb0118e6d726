import { createHash } from 'node:crypto';
import type { RestoreSourceStatus, RestoreTransfer } from '../../../api/apprestore.js';
import { recoveryPoint, type RecoveryPoint } from '../../../api/recoverypoint.js';
import { fail } from '../../../api/errors.js';
import type { AppRestore } from '../../../api/kinds.js';
import { parseJson } from '../../../runtime/parse-json.js';
import type { Copy, CopiedVolume } from '../copy.js';
import { sourceNamespace } from '../steps.js';

/** Parts of a configuration, as they lie beside the document. */
const partName = /^capture-\d{1,3}$/;
const mebibyte = 1024 * 1024;

/** Reads the document of a recovery point, which must be the one that was chosen. Pure. Throws RecoveryPointUnusable. */
export function readDocument(text: string, object: AppRestore, id: string): RecoveryPoint {
  const parsed = recoveryPoint.safeParse(parseJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw unusable(id, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}. It may have been written by a newer version.`);
  }
  const { data } = parsed;
  if (data.id !== id) throw unusable(id, `it says that it is ${data.id}.`);
  const namespace = sourceNamespace(object);
  if (data.source.namespace !== namespace) throw unusable(id, `it is of namespace ${data.source.namespace}, not of ${namespace}. Name that one in spec.from.namespace.`);
  if (data.capture?.files.some((file) => !partName.test(file)) === true) throw unusable(id, 'it names parts of the configuration that are none.');
  return data;
}

/** An error that says what is wrong with a recovery point. */
export function unusable(id: string, why: string): Error {
  return fail('RecoveryPointUnusable', `Recovery point ${id}: ${why}`);
}

/** What the status of a restore says of a recovery point that it has read. Pure. */
export function sourceOf(object: AppRestore, text: string, point: RecoveryPoint, { location, repositoryId, recoveryPoint: snapshotId }: RestoreTransfer): RestoreSourceStatus {
  return {
    target: object.spec.from.targetRef?.name,
    location,
    repositoryId,
    recoveryPoint: snapshotId,
    digest: digestOf(text),
    namespace: point.source.namespace,
    cutAt: point.cutAt,
    setId: point.id,
    grade: point.grade,
  };
}

export function digestOf(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A recovery point as a restore sees it. Pure. */
export function copyOfPoint(point: RecoveryPoint, status: RestoreSourceStatus): Copy {
  return {
    namespace: point.source.namespace,
    setId: point.id,
    applications: point.applications,
    volumes: point.volumes.map(({ claim, uid, application, pods = [], restoreSize, snapshotId, tree, bytes, runAs }): CopiedVolume => {
      return { claim, uid, application, pods, restoreSize: restoreSize ?? sizeFor(bytes), content: { kind: 'repository', snapshotId, tree, bytes, runAs } };
    }),
    status,
  };
}

/** Where nobody has said how large the volume was: room for the file system, and some to work. */
function sizeFor(bytes: number): string {
  return `${Math.ceil((bytes * 1.25) / mebibyte) + 64}Mi`;
}
