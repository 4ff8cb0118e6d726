import { describe, expect, test } from '@jest/globals';
import type { RestoredVolume, RestoreTransfer } from '../../../src/api/apprestore.js';
import { advanceFilling, type Filling, type SeenFilling } from '../../../src/controllers/apprestore/remote/advance.js';
import { copyOfPoint } from '../../../src/controllers/apprestore/remote/document.js';
import { fetchJob, fetchedNames, fetchedSecret, restoreJob } from '../../../src/controllers/apprestore/remote/objects.js';
import type { MoverOutcome } from '../../../src/movers/outcome.js';
import { moverRequest, requestVariable } from '../../../src/movers/request.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import { backupTarget, hex } from '../movers/fixtures.js';
import { start } from './copies-fixtures.js';
import { recoveryPointOf, remoteRestore, runAs } from './remote-fixtures.js';

const transfer: RestoreTransfer = { phase: 'Fetched', attempt: 0, location: 'x' };
const volume = (claim: string): RestoredVolume => ({ claim, phase: 'Pending', bytesTotal: 100 });
const fresh: Filling = { transfer, volumes: [volume('a'), volume('b')] };
const good: MoverOutcome = { kind: 'ended', result: { ok: true, repositoryId: 'r', bytes: 100, note: 'root stays' } };
const lost: MoverOutcome = { kind: 'lost', why: 'OOMKilled', pods: [] };

function see(filling: Filling, outcomes: Record<string, MoverOutcome> = {}, more: Partial<SeenFilling> = {}): Filling {
  return advanceFilling(filling, { outcomes: new Map(Object.entries(outcomes)), progress: new Map(), mountable: new Set(['a', 'b']), waiting: undefined, concurrency: 2, now: start, ...more });
}
const phases = ({ volumes }: Filling): string[] => volumes.map((v) => `${v.phase} ${v.attempt ?? 0}`);

describe('volumes that are filled', () => {
  test('are begun when their claims can be mounted, as many at a time as the target allows', () => {
    expect(phases(see(fresh))).toEqual(['Restoring 1', 'Restoring 1']);
    expect(phases(see(fresh, {}, { concurrency: 1 }))).toEqual(['Restoring 1', 'Pending 0']);
    expect(phases(see(fresh, {}, { mountable: new Set(['b']) }))).toEqual(['Pending 0', 'Restoring 1']);
    expect(phases(see(see(fresh, {}, { concurrency: 1 }), {}, { concurrency: 1 }))).toEqual(['Restoring 1', 'Pending 0']);
  });

  test('say how far they are; only with all of them it is 100 %', () => {
    const begun = see(fresh);
    const half = see(begun, { a: good, b: { kind: 'running', pod: undefined } }, { progress: new Map([['b', { bytesDone: 100, bytesTotal: 100, etaSeconds: 4 }]]) });
    expect(half).toMatchObject({ transfer: { percent: 99, bytesDone: 200, bytesTotal: 200, etaSeconds: 4 }, volumes: [{ phase: 'Bound', message: 'root stays' }, { phase: 'Restoring' }] });
    expect(see(half, { b: good }).transfer.percent).toBe(100);
  });

  test('one that was lost is begun anew after a pause; the other goes on', () => {
    const failed = see(see(fresh), { a: lost, b: { kind: 'running', pod: undefined } });
    expect(failed).toMatchObject({ transfer: { failures: 1, reason: 'MoverFailed' }, volumes: [{ phase: 'Pending', attempt: 1 }, { phase: 'Restoring' }] });
    expect(phases(see(failed, {}, { now: start + 9_999 }))).toEqual(['Pending 1', 'Restoring 1']);
    const again = see(failed, {}, { now: start + 10_000 });
    expect(phases(again)).toEqual(['Restoring 2', 'Restoring 1']);
    expect(see(again, { a: good }).transfer.reason).toBeUndefined();
  });

  test('a success that does not say how much is none', () => {
    expect(see(see(fresh), { a: { kind: 'ended', result: { ok: true, repositoryId: 'r' } } }).volumes[0]).toMatchObject({ phase: 'Pending' });
  });
});

describe('movers of a restore', () => {
  const object = remoteRestore();
  const context = { object, target: backupTarget(), settings: { image: 'i', pullPolicy: 'Always', resources: {} } };
  const [first] = copyOfPoint(recoveryPointOf('point-1'), { setId: 'point-1', grade: 'Frozen' }).volumes;
  const filled = { volume: first!, placement: { nodeSelector: { disk: 'ssd' } } };
  interface Made {
    readonly template: { readonly spec: { readonly serviceAccountName: string; readonly securityContext: object; readonly containers: { readonly env: { name: string; value?: string }[] }[]; readonly volumes: object[] } };
  }
  const made = (job: KubeObject): Made['template']['spec'] => (job['spec'] as Made).template.spec;
  const requestOf = (job: KubeObject) => moverRequest.parse(JSON.parse(made(job).containers[0]!.env.find(({ name }) => name === requestVariable)!.value!));

  test('one fills a claim by id and digest, as who it was read by', () => {
    const job = restoreJob(context, filled, { into: 'data-pg-0', attempt: 1, privileged: false });
    expect(made(job)).toMatchObject({ nodeSelector: { disk: 'ssd' } });
    expect(requestOf(job)).toMatchObject({ host: 'shop', task: { verb: 'restore', claim: 'data-pg-0', snapshotId: hex('1'), tree: hex('f'), everybody: false }, dead: [] });
    expect(made(job).securityContext).toMatchObject({ runAsUser: runAs.user, fsGroup: runAs.fsGroup });
    expect(job.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'AppRestore' });
    expect(restoreJob(context, filled, { into: 'data-pg-0', attempt: 2, privileged: false }).metadata.name).not.toBe(job.metadata.name);
    expect(requestOf(restoreJob(context, filled, { into: 'data-pg-0', attempt: 1, privileged: true })).task).toMatchObject({ everybody: true });
  });

  test('another namespace is read by its own key; what is made elsewhere is owned there', () => {
    const moved = { ...context, object: remoteRestore({ namespace: 'origin', encryptionKeySecretRef: { name: 'key-of-origin' } }, { into: { namespace: 'copy', serviceAccountName: 'tenant' } }), target: { ...backupTarget(), metadata: { ...backupTarget().metadata, namespace: 'copy' } } };
    const job = fetchJob(moved, 1, hex('9'));
    expect(job.metadata).toMatchObject({ namespace: 'copy', ownerReferences: [{ kind: 'BackupTarget' }] });
    expect(made(job)).toMatchObject({ serviceAccountName: 'tenant' });
    expect(made(job).volumes).toContainEqual({ name: 'key', secret: { secretName: 'key-of-origin', items: [{ key: 'password', path: 'password' }] } });
    expect(requestOf(job)).toMatchObject({ host: 'origin', place: { folder: 'origin' } });
  });

  test('what was fetched is kept where no capture takes it', () => {
    const { document, parts } = fetchedNames(object, 2);
    const secret = fetchedSecret(context, parts[1]!, Buffer.from('x'));
    expect(secret).toMatchObject({ immutable: true, data: { capture: 'eA==' }, metadata: { labels: { 'stillpoint.dev/internal': 'mover', 'stillpoint.dev/apprestore': object.metadata.uid } } });
    expect(Object.keys(fetchedSecret(context, document, Buffer.from('{}'))['data'] as object)).toEqual(['recoverypoint.json']);
  });

  test('a volume of which nobody has said how large it was has room', () => {
    const [volume] = copyOfPoint(recoveryPointOf('p', { volumes: [{ claim: 'a', uid: 'u', snapshotId: 's', tree: 't', path: '/volumes/a', bytes: 100 * 1024 * 1024 }] }), { setId: 'p', grade: 'Frozen' }).volumes;
    expect(volume).toMatchObject({ restoreSize: '189Mi', content: { runAs: undefined } });
  });
});
