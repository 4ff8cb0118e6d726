import { expect, test } from '@jest/globals';
import { projectContent } from '../../../src/snapshots/contents.js';

const base = { metadata: { name: 'c', uid: 'u', managedFields: [{}] } };

test('the content of a group in v1 and in v1beta1 says the same', () => {
  const member = { volumeHandle: 'v', snapshotHandle: 's' };
  const spec = { volumeGroupSnapshotRef: { namespace: 'shop', name: 'g', uid: 'x' }, driver: 'd', deletionPolicy: 'Delete', source: { volumeHandles: ['v'] } };
  const status = { volumeGroupSnapshotHandle: 'h', creationTime: '2026-01-01T00:00:00Z', readyToUse: true };
  const v1 = projectContent({ ...base, spec, status: { ...status, volumeSnapshotInfoList: [{ ...member, creationTime: 1 }] } });
  const v1beta1 = projectContent({ ...base, spec, status: { ...status, volumeSnapshotHandlePairList: [member] } });
  expect(v1).toEqual(v1beta1);
  expect(v1).toMatchObject({ handle: 'h', cut: true, ready: true, members: [member], volumeHandles: ['v'], ref: { uid: 'x' } });
  expect(v1.metadata['managedFields']).toBeUndefined();
});

test('a single content: creation time in nanoseconds counts, its absence does not', () => {
  const spec = { volumeSnapshotRef: { namespace: 'shop', name: 's', uid: 'x' }, driver: 'd', deletionPolicy: 'Retain', source: { volumeHandle: 'v' }, sourceVolumeMode: 'Block' };
  expect(projectContent({ ...base, spec, status: { creationTime: 1795470351038112500, snapshotHandle: 'h', restoreSize: 5 } })).toMatchObject({ cut: true, ready: false, handle: 'h', restoreSize: 5, sourceVolumeMode: 'Block', volumeHandles: ['v'] });
  expect(projectContent({ ...base, spec })).toMatchObject({ cut: false, handle: undefined, error: undefined });
  expect(projectContent({ ...base, spec, status: { error: { message: 'full' } } }).error).toBe('full');
});
