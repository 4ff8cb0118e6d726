import { createHash } from 'node:crypto';
import type { AppRestoreSpec } from '../../../src/api/apprestore.js';
import type { AppRestore } from '../../../src/api/kinds.js';
import type { RecoveryPoint } from '../../../src/api/recoverypoint.js';
import { pack } from '../../../src/manifests/archive.js';
import { canonicalJson, digestOf, type Capture } from '../../../src/manifests/captured.js';
import type { ListedPoint } from '../../../src/movers/request.js';
import { hex } from '../movers/fixtures.js';
import { appRestore, capture } from './apprestore-fixtures.js';

/** A restore of namespace shop from its BackupTarget. */
export function remoteRestore(from: Partial<AppRestoreSpec['from']> = {}, spec: Partial<AppRestoreSpec> = {}): AppRestore {
  return appRestore({ what: 'Volumes', ...spec, from: { targetRef: { name: 's3' }, ...from } });
}

export const runAs = { user: 999, group: 998, groups: [997], fsGroup: 997 };

const packed: Capture = { ...capture(), digest: digestOf(capture().objects) };
/** Its configuration, in two parts. */
export const parts = [pack(packed).subarray(0, 100), pack(packed).subarray(100)] as const;

/** The document of a recovery point of two volumes. */
export function recoveryPointOf(id: string, more: Partial<RecoveryPoint> = {}): RecoveryPoint {
  const volume = (claim: string, digit: string) => ({ claim, uid: `${claim}-uid`, application: 'pg', pods: ['pg-0'], restoreSize: '2Gi', runAs, snapshotId: hex(digit), tree: hex('f'), path: `/volumes/${claim}`, bytes: 1000 });
  return {
    apiVersion: 'stillpoint.dev/v1alpha1',
    kind: 'RecoveryPoint',
    id,
    source: { namespace: 'shop', appSnapshot: { name: 'copy', uid: 'a-uid' } },
    cutAt: '2026-11-29T10:00:00Z',
    grade: 'Frozen',
    reasons: [],
    applications: [],
    capture: { digest: packed.digest, objects: packed.objects.length, files: ['capture-0', 'capture-1'], missing: [] },
    volumes: [volume('data-pg-0', '1'), volume('wal-pg-0', '2')],
    ...more,
  };
}

export function textOf(point: RecoveryPoint): { readonly text: string; readonly digest: string } {
  const text = canonicalJson(point);
  return { text, digest: createHash('sha256').update(text).digest('hex') };
}

/** What a list says of it. */
export function listedPoint(id: string, hour: number): ListedPoint {
  return { id, snapshotId: hex('9'), cutAt: `2026-11-29T${String(hour).padStart(2, '0')}:00:00.000Z`, grade: 'Frozen' };
}
