import { describe, expect, test } from '@jest/globals';
import { isForTargetAlone, moverJob, type MoverJob } from '../../../src/movers/job.js';
import { isMoverOf, moverName } from '../../../src/movers/names.js';
import { moverPolicy } from '../../../src/movers/network.js';
import { isDead, moverOutcome, type MoverPod } from '../../../src/movers/outcome.js';
import { keySecretOf, limitsOf, locationOf, placeOf, placeToRead } from '../../../src/movers/place.js';
import { moverRequest as requestSchema, requestVariable } from '../../../src/movers/request.js';
import { repositoryUrl, resticEnvironment } from '../../../src/movers/restic/arguments.js';
import { backupTarget, claimTarget, moverRequest, targetUid } from './fixtures.js';

const settings = { image: 'operator:1', pullPolicy: 'IfNotPresent', resources: { limits: { memory: '1Gi' } } };
const owner = { apiVersion: 'stillpoint.dev/v1alpha1', kind: 'AppSnapshot', name: 'copy', uid: 'u' };
const runAs = { user: 999, group: 998, groups: [997, 998] };
const task = { verb: 'copy', setId: 'set-1', claim: 'data', claimUid: 'c' } as const;

function job(more: Partial<MoverJob> = {}): MoverJob {
  return { name: 'n', account: 'stillpoint', target: backupTarget(), keySecret: 'key', owner, request: moverRequest(task), runAs, privileged: false, source: { claim: 'temporary', of: 'data' }, ...more };
}

interface Made {
  readonly spec: { readonly backoffLimit: number; readonly template: { readonly spec: { readonly volumes: object[]; readonly securityContext: object; readonly containers: { readonly command: string[]; readonly env: { name: string; value?: string; valueFrom?: object }[]; readonly volumeMounts: object[]; readonly securityContext: object }[]; [field: string]: unknown } } };
}
const made = (more: Partial<MoverJob> = {}): Made['spec'] => (moverJob(job(more), settings) as unknown as Made).spec;

describe('the Job of a mover', () => {
  test('has no token, no second try of its own, and no secret but by reference', () => {
    const { backoffLimit, template } = made();
    expect({ backoffLimit, ...template.spec }).toMatchObject({ backoffLimit: 0, automountServiceAccountToken: false, restartPolicy: 'Never', serviceAccountName: 'stillpoint' });
    const [container] = template.spec.containers;
    expect(container?.command).toEqual(['/usr/local/bin/node', '/app/mover.mjs']);
    expect(container?.env.filter((e) => e.value !== undefined).map((e) => e.name)).toEqual([requestVariable]);
    expect(requestSchema.safeParse(JSON.parse(container?.env[0]?.value ?? '')).success).toBe(true);
  });

  test('reads as the user of the pod, and changes no modes', () => {
    expect(made().template.spec.securityContext).toEqual({ runAsUser: 999, runAsGroup: 998, runAsNonRoot: true, supplementalGroups: [997, 65532], seccompProfile: { type: 'RuntimeDefault' } });
    expect(made().template.spec.containers[0]?.volumeMounts).toContainEqual({ name: 'source', mountPath: '/volumes/data', readOnly: true });
  });

  test('reads everything only where admins allow it', () => {
    const { template } = made({ privileged: true });
    expect(template.spec.securityContext).toMatchObject({ runAsUser: 0 });
    expect(template.spec.securityContext).not.toHaveProperty('runAsNonRoot');
    expect(template.spec.containers[0]?.securityContext).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'], add: ['DAC_READ_SEARCH'] } });
  });

  describe('that fills a volume', () => {
    const request = moverRequest({ verb: 'restore', claim: 'data', snapshotId: 's', tree: 't', everybody: false });
    const filling = (more: Partial<MoverJob> = {}): Made['spec']['template']['spec'] => {
      const { source, ...rest } = job({ request, destination: { claim: 'filled', of: 'data' }, worksFor: { restore: 'r' }, ...more });
      expect(source).toBeDefined();
      return (moverJob(rest, settings) as unknown as Made).spec.template.spec;
    };

    test('writes to it as the user of the pod, with the group that the kubelet gives to the volumes of that pod', () => {
      expect(filling().securityContext).toMatchObject({ runAsUser: 999, runAsGroup: 998, fsGroup: 998, runAsNonRoot: true });
      expect(filling({ runAs: { ...runAs, fsGroup: 997 } }).securityContext).toMatchObject({ fsGroup: 997, fsGroupChangePolicy: 'OnRootMismatch' });
      expect(filling().containers[0]?.volumeMounts).toContainEqual({ name: 'destination', mountPath: '/volumes/data' });
      expect(filling().containers[0]?.securityContext).toMatchObject({ capabilities: { drop: ['ALL'] } });
    });

    test('on a node where that pod may run', () => {
      const placement = { nodeSelector: { disk: 'ssd' }, tolerations: [{ operator: 'Exists' }] };
      expect(filling({ placement })).toMatchObject({ ...placement, restartPolicy: 'Never' });
      expect(filling()).not.toHaveProperty('nodeSelector');
    });

    test('as root only where admins allow it, and then with the owners of the copy and no other group', () => {
      const { securityContext, containers } = filling({ privileged: true });
      expect(securityContext).toMatchObject({ runAsUser: 0 });
      expect(securityContext).not.toHaveProperty('fsGroup');
      expect(containers[0]?.securityContext).toMatchObject({ capabilities: { drop: ['ALL'], add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID'] } });
    });

    test('only reads a volume that many share', () => {
      const { volumes, containers } = filling({ target: backupTarget(claimTarget) });
      expect(volumes).toContainEqual({ name: 'repository', persistentVolumeClaim: { claimName: 'nas', readOnly: true } });
      expect(containers[0]?.volumeMounts).toContainEqual({ name: 'repository', mountPath: '/repository', readOnly: true });
    });

    test('is none of the target alone', () => {
      const labels = (more: Partial<MoverJob>) => moverJob(job(more), settings).metadata.labels;
      expect([labels({}), labels({ worksFor: { appSnapshot: 'a' } }), labels({ worksFor: { restore: 'r' } }), undefined].map(isForTargetAlone)).toEqual([true, false, false, false]);
    });
  });

  test('what is fetched is on no disk', () => {
    expect(made({ request: moverRequest({ verb: 'fetch', snapshotId: 's' }) }).template.spec.volumes).toContainEqual({ name: 'recoverypoint', emptyDir: { medium: 'Memory' } });
  });

  test('a check shares out the volume of its target', () => {
    const { source, ...rest } = job({ target: backupTarget(claimTarget), request: moverRequest({ verb: 'check' }), deadlineSeconds: 60 });
    const { spec } = moverJob(rest, settings) as unknown as Made;
    expect(source).toBeDefined();
    expect(spec).toMatchObject({ activeDeadlineSeconds: 60 });
    expect(spec.template.spec.securityContext).toMatchObject({ fsGroup: 65532, fsGroupChangePolicy: 'OnRootMismatch' });
    expect(spec.template.spec.volumes).toContainEqual({ name: 'repository', persistentVolumeClaim: { claimName: 'nas' } });
    expect(spec.template.spec.containers[0]?.env).toHaveLength(1);
  });

  test('what becomes the recovery point is gathered from Secrets', () => {
    const { template } = made({ parts: [{ secret: 's', key: 'capture', file: 'capture-0' }] });
    expect(template.spec.volumes).toContainEqual({ name: 'parts', projected: { sources: [{ secret: { name: 's', items: [{ key: 'capture', path: 'capture-0' }] } }] } });
  });
});

describe('names', () => {
  test('are the same for the same work, and tell the cluster', () => {
    const name = moverName(targetUid, 'copy', 'set-1', 'claim', 1);
    expect(moverName(targetUid, 'copy', 'set-1', 'claim', 1)).toBe(name);
    expect(moverName(targetUid, 'copy', 'set-1', 'claim', 2)).not.toBe(name);
    expect(name).toMatch(/^[a-z0-9-]{1,57}$/);
    expect(isMoverOf(targetUid, `${name}-x7k2p`)).toBe(true);
    expect(isMoverOf('another', `${name}-x7k2p`)).toBe(false);
    expect(isMoverOf(targetUid, 'laptop')).toBe(false);
  });
});

describe('places', () => {
  test('each namespace has its own repository', () => {
    expect(repositoryUrl(placeOf(backupTarget()))).toBe('s3:https://s3.example/copies/shop');
    expect(repositoryUrl(placeOf(backupTarget(claimTarget)))).toBe('/repository/copies/shop');
    expect(locationOf(backupTarget(claimTarget))).toBe('pvc:nas/copies/shop');
  });

  test('an id counts for its own place only', () => {
    const repository = { location: locationOf(backupTarget()), id: 'a', keySecret: 'k' };
    expect(placeOf(backupTarget({}, { repository })).id).toBe('a');
    expect(placeOf(backupTarget(claimTarget, { repository })).id).toBeUndefined();
  });

  test('the one of another namespace is read beside its own, whatever the bucket locks, and its id is not that of its own', () => {
    const repository = { location: locationOf(backupTarget()), id: 'a', keySecret: 'k' };
    const s3 = { ...backupTarget().spec.s3!, prefix: 'p', objectLock: { mode: 'Compliance' as const, retention: '25h' } };
    const locked = backupTarget({ s3 }, { repository: { ...repository, location: locationOf(backupTarget({ s3 })) } });
    expect(placeToRead(locked, 'shop', undefined)).toMatchObject({ folder: 'p/shop', id: 'a' });
    expect(placeToRead(locked, 'origin', undefined)).toEqual({ folder: 'p/origin', ca: false, s3: { endpoint: 'https://s3.example', bucket: 'copies', region: 'us-east-1' } });
    expect(placeToRead(locked, 'origin', 'b').id).toBe('b');
    expect(placeToRead(backupTarget(claimTarget), 'origin', undefined)).toEqual({ folder: 'copies/origin', ca: false });
    expect(locationOf(locked, 'origin')).toBe('s3:https://s3.example/copies/p/origin');
  });

  test('days of a lock are rounded up', () => {
    const s3 = { ...backupTarget().spec.s3!, objectLock: { mode: 'Compliance' as const, retention: '25h' } };
    expect(placeOf(backupTarget({ s3 })).s3?.objectLock).toEqual({ mode: 'Compliance', retentionDays: 2 });
  });

  test('movers share the bandwidth', () => {
    expect(limitsOf(backupTarget({ bandwidth: { upload: '10Mi', download: '1Ki' } }).spec, 4)).toEqual({ upload: 2560, download: 1 });
    expect(limitsOf(backupTarget().spec, 4)).toEqual({ upload: 0, download: 0 });
  });

  test('the key', () => {
    expect(keySecretOf(backupTarget())).toBe('s3-encryption-key');
    expect(keySecretOf(backupTarget({ encryptionKeySecretRef: { name: 'mine' } }))).toBe('mine');
  });

  test('no secret is in the environment that is made', () => {
    const request = moverRequest({ verb: 'check' }, { place: { ...placeOf(backupTarget()), ca: true } });
    expect(resticEnvironment(request)).toMatchObject({ RESTIC_PASSWORD_FILE: '/secrets/key/password', RESTIC_CACERT: '/secrets/ca/ca.crt', AWS_DEFAULT_REGION: 'us-east-1' });
  });
});

describe('the network of movers', () => {
  const egress = (endpoint: string): unknown[] => {
    const target = backupTarget({ s3: { ...backupTarget().spec.s3!, endpoint } });
    return (moverPolicy(target, 'n', owner)['spec'] as { egress: unknown[] }).egress.slice(1);
  };
  test.each([
    ['https://s3.example', [{ ports: [{ port: 443, protocol: 'TCP' }] }]],
    ['http://10.1.2.3:7070', [{ to: [{ ipBlock: { cidr: '10.1.2.3/32' } }], ports: [{ port: 7070, protocol: 'TCP' }] }]],
    ['http://minio.storage.svc:9000', [{ to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'storage' } } }] }]],
  ])('%s', (endpoint, rules) => {
    expect(egress(endpoint)).toEqual(rules);
  });

  test('nothing for a volume', () => {
    expect(moverPolicy(backupTarget(claimTarget), 'n', owner)['spec']).toMatchObject({ ingress: [], egress: [] });
  });
});

describe('how a mover ended', () => {
  const state = (type?: string) => ({ metadata: { name: 'j', uid: 'job' }, ...(type === undefined ? {} : { status: { conditions: [{ type, status: 'True', message: 'BackoffLimitExceeded' }] } }) });
  const pod = (phase: string, terminated?: object, uid = 'job'): MoverPod => ({ metadata: { name: 'p', ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid }] }, status: { phase, containerStatuses: terminated === undefined ? [] : [{ state: { terminated } }] } });
  const good = JSON.stringify({ ok: true, repositoryId: 'r', snapshotId: 's', tree: 't' });

  test('in its own words', () => {
    expect(moverOutcome(state(), [pod('Succeeded', { exitCode: 0, message: good })])).toEqual({ kind: 'ended', result: { ok: true, repositoryId: 'r', snapshotId: 's', tree: 't' } });
  });
  test('a code that is not known is a failure all the same', () => {
    expect(moverOutcome(state(), [pod('Failed', { exitCode: 1, message: '{"ok":false,"code":"Strange","message":"x"}' })])).toMatchObject({ result: { ok: false, code: 'MoverFailed' } });
  });
  test('killed: lost', () => {
    expect(moverOutcome(state('Failed'), [pod('Failed', { exitCode: 137, reason: 'OOMKilled' })])).toEqual({ kind: 'lost', why: 'OOMKilled, exit code 137, BackoffLimitExceeded', pods: ['p'] });
    expect(moverOutcome(state('Failed'), [])).toMatchObject({ kind: 'lost' });
  });
  test('a success that was not said is none', () => {
    expect(moverOutcome(state('Complete'), [pod('Succeeded', { exitCode: 0, message: 'Killed' })])).toMatchObject({ kind: 'lost' });
  });
  test('words in the pod of another Job do not count', () => {
    expect(moverOutcome(state(), [pod('Succeeded', { exitCode: 0, message: good }, 'other')])).toEqual({ kind: 'running', pod: undefined });
  });
  test('dead is gone, or ended', () => {
    expect([undefined, pod('Failed'), pod('Succeeded'), pod('Running'), pod('Pending')].map(isDead)).toEqual([true, true, true, false, false]);
  });
});
