import { createHash } from 'node:crypto';
import { fail } from '../../api/errors.js';
import type { AppSnapshot } from '../../api/kinds.js';
import { retainedPoint, type RetainedPoint } from '../../api/retainedpoint.js';
import { canonicalJson } from '../../manifests/captured.js';
import { parseJson } from '../../runtime/parse-json.js';
import type { SetMember } from '../../snapshots/members.js';
import type { ContentView } from '../../snapshots/contents.js';
import type { ObservedSet } from '../../snapshots/observe-set.js';

/** Bytes in one Secret: 512 KiB once encoded, half of what the API server takes. */
const partBytes = 384 * 1024;
/** Of a configuration, compressed: in the namespace of the operator lie those of many tenants. */
export const mostArchiveBytes = 8 * 1024 * 1024;
/** What a Secret holds, with room for its metadata. */
const mostDocumentBytes = 900 * 1024;

/** What a recovery point is made from beside the status of its AppSnapshot. */
export interface PointFacts {
  readonly namespaceUid: string;
  readonly members: readonly SetMember[];
  readonly observed: ObservedSet;
  /** Of the configuration, if there is one. */
  readonly parts: readonly Buffer[];
}

/** A document and its SHA-256. */
export interface EncodedPoint {
  readonly text: string;
  readonly digest: string;
}

/** The recovery point of a copy whose snapshots are all ready; the same for the same copy. Pure. Throws SnapshotNotReady. */
export function pointOf({ apiVersion, metadata, status }: AppSnapshot, { namespaceUid, members, observed, parts }: PointFacts): RetainedPoint {
  const { capture, window, setId = '', applications = [], reasons = [], grade = 'Inconsistent' } = status ?? {};
  return {
    apiVersion,
    kind: 'RetainedRecoveryPoint',
    id: setId,
    source: { namespace: metadata.namespace, namespaceUid, appSnapshot: { name: metadata.name, uid: metadata.uid } },
    cutAt: window?.heldFrom ?? window?.openedAt ?? metadata.creationTimestamp,
    grade,
    reasons,
    applications,
    ...(capture === undefined ? {} : { capture: { digest: capture.digest, objects: capture.objects, parts: parts.map(digestOf), missing: capture.missing ?? [] } }),
    volumes: (status?.members ?? []).map(({ claim, uid, application, pods }) => {
      const member = members.find((m) => m.claimUid === uid);
      const restoreSize = member?.restoreSize;
      const content = keptOf(claim, observed.snapshots.find((s) => s.uid === member?.snapshotUid)?.content);
      return {
        claim,
        uid,
        ...(application === undefined ? {} : { application }),
        ...(pods === undefined ? {} : { pods }),
        ...(restoreSize === undefined ? {} : { restoreSize }),
        content: { ...keptFields(content), ...(content.sourceVolumeMode === undefined ? {} : { volumeMode: content.sourceVolumeMode }) },
      };
    }),
    groups: observed.groups.map(({ name, content }) => keptFields(keptOf(name, content))),
  };
}

type Kept = ContentView & { readonly handle: string };

function keptOf(what: string, content: ContentView | undefined): Kept {
  if (content?.handle === undefined) throw fail('SnapshotNotReady', `${what} has no snapshot that the storage knows.`, { afterSeconds: 30 });
  return { ...content, handle: content.handle };
}

function keptFields({ metadata: { name, uid = '' }, driver, handle }: Kept): RetainedPoint['groups'][number] {
  return { name, uid, driver, handle };
}

/** The document as it is stored. Pure. Throws RetainRefused when it does not fit into a Secret. */
export function encodePoint(point: RetainedPoint): EncodedPoint {
  const text = canonicalJson(retainedPoint.parse(point));
  const bytes = Buffer.byteLength(text);
  if (bytes > mostDocumentBytes) throw fail('RetainRefused', `Its recovery point has ${kibibytes(bytes)} KiB, and a Secret holds ${kibibytes(mostDocumentBytes)}: copy fewer applications with one AppSnapshot.`);
  return { text, digest: digestOf(text) };
}

/** The inverse of {@link encodePoint}; it must be the recovery point of this AppSnapshot. Pure. Throws RecoveryPointUnusable. */
export function decodePoint({ text, digest }: EncodedPoint, uid: string): RetainedPoint {
  if (digestOf(text) !== digest) throw unusable(uid, 'its document has not the digest that lies beside it: it was changed.');
  const parsed = retainedPoint.safeParse(parseJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw unusable(uid, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}. It may have been written by a newer version.`);
  }
  const { data } = parsed;
  if (data.source.appSnapshot.uid !== uid) throw unusable(uid, `it says that it is of AppSnapshot ${data.source.appSnapshot.uid}.`);
  return data;
}

/** An error that says what is wrong with a recovery point. */
function unusable(uid: string, why: string): Error {
  return fail('RecoveryPointUnusable', `The retained recovery point ${uid}: ${why}`);
}

/** A configuration in pieces that a Secret holds. Pure. Throws RetainRefused when it is too large. */
export function splitArchive(archive: Buffer): Buffer[] {
  if (archive.length > mostArchiveBytes) {
    throw fail('RetainRefused', `Its configuration has ${kibibytes(archive.length)} KiB compressed, and ${kibibytes(mostArchiveBytes)} are retained at most: leave resources out with spec.capture.exclude of another AppSnapshot.`);
  }
  return Array.from({ length: Math.ceil(archive.length / partBytes) }, (_, i) => archive.subarray(i * partBytes, (i + 1) * partBytes));
}

/** The inverse of {@link splitArchive}: each piece must have its digest. Pure. Throws CaptureDamaged. */
export function joinParts(parts: readonly (Buffer | undefined)[], digests: readonly string[]): Buffer {
  const whole = digests.map((digest, i) => {
    const part = parts[i];
    if (part === undefined || digestOf(part) !== digest) throw fail('CaptureDamaged', `Part ${i} of the retained configuration ${part === undefined ? 'is gone' : 'was changed'}.`);
    return part;
  });
  return Buffer.concat(whole);
}

function digestOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function kibibytes(bytes: number): number {
  return Math.ceil(bytes / 1024);
}
