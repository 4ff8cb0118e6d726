import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { recoveryPoint } from '../../../src/api/recoverypoint.js';
import type { BegunCopy } from '../../../src/controllers/appsnapshot/copies/advance.js';
import { forgetJob, sealJob, sealSecret, temporaryClaim, volumeJob, type CopyContext } from '../../../src/controllers/appsnapshot/copies/objects.js';
import { partsOf, recoveryPointDocument } from '../../../src/controllers/appsnapshot/copies/recovery-point.js';
import { copiedCondition } from '../../../src/controllers/appsnapshot/copies/status.js';
import { moverRequest, requestVariable, type MoverRequest } from '../../../src/movers/request.js';
import { runAsOf, type ReadingPod } from '../../../src/movers/run-as.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import { backupTarget, hex, targetUid } from '../movers/fixtures.js';
import { begunCopy, readySnapshot, setId } from './copies-fixtures.js';

const volume = { claim: 'data', uid: 'data-uid', phase: 'Copying' as const, attempt: 1, runAs: { user: 999, group: 999, groups: [] } };
const done: BegunCopy = begunCopy({ phase: 'Sealing', sealAttempt: 1, volumes: ['data', 'wal'].map((claim, i) => ({ claim, uid: `${claim}-uid`, phase: 'Done', attempt: 1, snapshotId: hex(String(i)), tree: hex('a'), bytesTotal: 10 })) });
const context = (copy: BegunCopy): CopyContext => ({ object: readySnapshot(), target: backupTarget({ bandwidth: { upload: '10Mi' } }), copy, dead: ['pod-1'], privileged: false, settings: { image: 'i', pullPolicy: 'Always', resources: {} } });
const imported = { dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot' as const, name: 'snap-data' }, restoreSize: '2Gi', content: undefined, ready: true, message: undefined };

function requestOf(job: KubeObject): MoverRequest {
  const { containers } = (job['spec'] as { template: { spec: { containers: { env: { name: string; value?: string }[] }[] } } }).template.spec;
  return moverRequest.parse(JSON.parse(containers[0]?.env.find((e) => e.name === requestVariable)?.value ?? ''));
}

describe('what movers work with', () => {
  test('a claim from the snapshot, as large as both want it, of the class of the original', () => {
    const source = { metadata: { name: 'data' }, phase: 'Bound', volumeName: 'v', volumeMode: 'Filesystem' as const, accessModes: ['ReadWriteOncePod'], storageClassName: 'fast', requested: '1Gi', capacity: '3Gi' };
    const claim = temporaryClaim(context(begunCopy()), volume, imported, source);
    expect(claim['spec']).toEqual({ accessModes: ['ReadWriteOnce'], storageClassName: 'fast', dataSource: imported.dataSource, resources: { requests: { storage: '3Gi' } } });
    expect(claim.metadata).toMatchObject({ labels: { 'stillpoint.dev/internal': 'mover', 'stillpoint.dev/appsnapshot': 'a-uid', 'stillpoint.dev/backuptarget': targetUid }, ownerReferences: [{ uid: 'a-uid' }] });
    expect(temporaryClaim(context(begunCopy()), volume, imported, undefined)['spec']).toMatchObject({ resources: { requests: { storage: '2Gi' } } });
  });

  test('a Job that reads it, limited to its share', () => {
    const job = volumeJob(context(begunCopy()), volume);
    expect(job.metadata.name).toBe(temporaryClaim(context(begunCopy()), volume, imported, undefined).metadata.name);
    expect(requestOf(job)).toMatchObject({ host: 'shop', task: { verb: 'copy', setId, claim: 'data', claimUid: 'data-uid' }, limits: { upload: 5120, download: 0 }, dead: ['pod-1'] });
  });

  test('a Job that writes the recovery point, from Secrets', () => {
    const job = sealJob(context(done), { digest: 'digest', cutAt: '2026-11-29T10:00:00Z', grade: 'Frozen' });
    expect(requestOf(job).task).toEqual({ verb: 'seal', setId, digest: 'digest', cutAt: '2026-11-29T10:00:00Z', grade: 'Frozen', volumes: [{ claimUid: 'data-uid', snapshotId: hex('0'), tree: hex('a') }, { claimUid: 'wal-uid', snapshotId: hex('1'), tree: hex('a') }] });
    expect(sealSecret(context(done), '{}').metadata.name).toBe(job.metadata.name);
    expect(partsOf(readySnapshot(), 'doc').map(({ file }) => file)).toEqual(['recoverypoint.json', 'capture-0', 'capture-1']);
  });

  test('a Job that forgets', () => {
    expect(requestOf(forgetJob(context(done), 'n')).task).toEqual({ verb: 'forget', setId });
  });
});

describe('the recovery point', () => {
  test('names every volume by id and digest, and is the same for the same status', () => {
    const facts = new Map([['data', { storageClassName: 'fast', accessModes: ['ReadWriteOnce'] }]]);
    const { text, digest, ...said } = recoveryPointDocument(readySnapshot(), done, facts);
    expect(said).toEqual({ cutAt: '2026-11-29T10:00:00Z', grade: 'Frozen' });
    expect(createHash('sha256').update(text).digest('hex')).toBe(digest);
    expect(recoveryPointDocument(readySnapshot(), done, facts).text).toBe(text);
    expect(recoveryPoint.parse(JSON.parse(text))).toMatchObject({
      id: setId,
      source: { namespace: 'shop', appSnapshot: { name: 'copy', uid: 'a-uid' } },
      grade: 'Frozen',
      capture: { digest: 'sha256:1', files: ['capture-0', 'capture-1'] },
      volumes: [{ claim: 'data', snapshotId: hex('0'), tree: hex('a'), path: '/volumes/data', storageClassName: 'fast' }, { claim: 'wal', snapshotId: hex('1') }],
    });
  });

  test('that no Secret can hold is refused in words', () => {
    const huge = readySnapshot(['s3'], { reasons: ['x'.repeat(1024 * 1024)] });
    expect(() => recoveryPointDocument(huge, done, new Map())).toThrow('fewer applications');
  });
});

test('the condition Copied', () => {
  expect(copiedCondition([{ target: 's3', phase: 'Complete' }])).toMatchObject({ status: 'True', reason: 'CopiesComplete' });
  expect(copiedCondition([{ target: 's3', phase: 'Complete' }, { target: 'nas', phase: 'Copying', percent: 7 }])).toEqual({ type: 'Copied', status: 'False', reason: 'Copying', message: 'nas: Copying.' });
  expect(copiedCondition([{ target: 's3', phase: 'Copying', reason: 'TargetFull', message: 'Full.', retryAt: '2026-11-29T10:00:00Z' }])).toMatchObject({ reason: 'TargetFull', message: 's3: Full. It is tried again at 2026-11-29T10:00:00Z; what is in the target stays.' });
});

describe('as whom a volume is read', () => {
  const pod = (spec: object, status: object = {}): ReadingPod => ({ metadata: { name: 'db-0' }, spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }], containers: [{ name: 'side' }, { name: 'db', volumeMounts: [{ name: 'v' }], ...spec }], ...spec }, status });

  test('as the kubelet reports the container', () => {
    const status = { containerStatuses: [{ name: 'db', user: { linux: { uid: 26, gid: 27, supplementalGroups: [27, 28] } } }] };
    expect(runAsOf([pod({ securityContext: { runAsUser: 1 } }, status)], 'data')).toEqual({ user: 26, group: 27, groups: [28] });
  });
  test('else as the spec asks', () => {
    expect(runAsOf([{ metadata: { name: 'p' }, spec: { securityContext: { runAsUser: 999, runAsGroup: 998, fsGroup: 997, seLinuxOptions: { level: 's0:c1' } }, volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }], containers: [{ name: 'db', volumeMounts: [{ name: 'v' }] }] } }], 'data')).toEqual({ user: 999, group: 998, groups: [997], fsGroup: 997, seLinux: { level: 's0:c1' } });
  });
  test('else as nobody', () => {
    expect(runAsOf([], 'data')).toEqual({ user: 65532, group: 65532, groups: [] });
    expect(runAsOf([pod({})], 'data')).toEqual({ user: 65532, group: 65532, groups: [] });
    expect(runAsOf([pod({ securityContext: { runAsUser: 1 } })], 'other')).toEqual({ user: 65532, group: 65532, groups: [] });
  });
});
