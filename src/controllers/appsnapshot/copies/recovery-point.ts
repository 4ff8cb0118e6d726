import { createHash } from 'node:crypto';
import type { Grade } from '../../../api/common.js';
import { recoveryPoint, recoveryPointFile, type RecoveryPoint } from '../../../api/recoverypoint.js';
import { fail } from '../../../api/errors.js';
import type { AppSnapshot } from '../../../api/kinds.js';
import { canonicalJson } from '../../../manifests/captured.js';
import { paths } from '../../../movers/request.js';
import type { BegunCopy } from './advance.js';

/** What is known of a claim beside the status. */
export interface ClaimFacts {
  readonly storageClassName: string | undefined;
  readonly accessModes: readonly string[];
}

/** What the repository says of a recovery point beside its document. */
export interface SealedPoint {
  readonly digest: string;
  readonly cutAt: string;
  readonly grade: Grade;
}

/** What a Secret holds, with room for its metadata. */
const mostBytes = 900 * 1024;

/** The document that is written last, and its digest; the same for the same status. Pure. Throws MoverFailed. */
export function recoveryPointDocument(object: AppSnapshot, copy: BegunCopy, facts: ReadonlyMap<string, ClaimFacts>): SealedPoint & { readonly text: string } {
  const document = recoveryPoint.parse(documentOf(object, copy, facts));
  const text = canonicalJson(document);
  if (Buffer.byteLength(text) > mostBytes) throw fail('MoverFailed', `The recovery point of ${copy.id} is larger than ${mostBytes / 1024} KiB: copy fewer applications with one AppSnapshot.`);
  return { text, digest: createHash('sha256').update(text).digest('hex'), cutAt: document.cutAt, grade: document.grade };
}

function documentOf({ apiVersion, metadata, status }: AppSnapshot, copy: BegunCopy, facts: ReadonlyMap<string, ClaimFacts>): RecoveryPoint {
  const { capture, window } = status ?? {};
  const cutAt = window?.heldFrom ?? window?.openedAt ?? status?.completionTime ?? metadata.creationTimestamp;
  return {
    apiVersion,
    kind: 'RecoveryPoint',
    id: copy.id,
    source: { namespace: metadata.namespace, appSnapshot: { name: metadata.name, uid: metadata.uid } },
    cutAt,
    grade: status?.grade ?? 'Inconsistent',
    reasons: status?.reasons ?? [],
    applications: status?.applications ?? [],
    ...(capture === undefined ? {} : { capture: { digest: capture.digest, objects: capture.objects, files: capture.secrets.map((_, i) => captureFile(i)), missing: capture.missing ?? [] } }),
    volumes: copy.volumes.map((volume) => {
      const member = status?.members?.find((m) => m.uid === volume.uid);
      const claim = facts.get(volume.claim);
      return {
        claim: volume.claim,
        uid: volume.uid,
        ...(member?.application === undefined ? {} : { application: member.application }),
        ...(member?.pods === undefined ? {} : { pods: member.pods }),
        ...(member?.restoreSize === undefined ? {} : { restoreSize: member.restoreSize }),
        ...(claim?.storageClassName === undefined ? {} : { storageClassName: claim.storageClassName }),
        ...(claim === undefined ? {} : { accessModes: [...claim.accessModes] }),
        ...(volume.runAs === undefined ? {} : { runAs: volume.runAs }),
        snapshotId: volume.snapshotId ?? '',
        tree: volume.tree ?? '',
        path: `${paths.volumes}/${volume.claim}`,
        bytes: volume.bytesTotal ?? 0,
      };
    }),
  };
}

/** What a mover of the recovery point finds in Secrets: the document, and the parts of the capture in order. Pure. */
export function partsOf({ status }: AppSnapshot, documentSecret: string): { readonly secret: string; readonly key: string; readonly file: string }[] {
  return [{ secret: documentSecret, key: recoveryPointFile, file: recoveryPointFile }, ...(status?.capture?.secrets ?? []).map((secret, i) => ({ secret, key: 'capture', file: captureFile(i) }))];
}

function captureFile(index: number): string {
  return `capture-${index}`;
}
