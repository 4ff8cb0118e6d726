import { describe, expect, test } from '@jest/globals';
import { projectClaim, projectPod, projectVolume } from '../../../src/controllers/views.js';
import type { ContainerView } from '../../../src/hooks/view.js';

const terminated = (exitCode: number): object => ({ state: { terminated: { exitCode } } });

/** The view of the only container `c` that these parts of a pod describe. */
function view(spec: object, status: object, list: 'containers' | 'initContainers' | 'ephemeralContainers' = 'containers', podSpec: object = {}): ContainerView | undefined {
  const statusList = { containers: 'containerStatuses', initContainers: 'initContainerStatuses', ephemeralContainers: 'ephemeralContainerStatuses' }[list];
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { [list]: [{ name: 'c', ...spec }], ...podSpec }, status: { phase: 'Running', [statusList]: [{ name: 'c', ...status }] } };
  return projectPod(pod).containers[0];
}

describe('projection of a pod', () => {
  test.each([
    ['runs', {}, { state: { running: {} } }, 'containers', {}, false],
    ['is to be started again', {}, terminated(0), 'containers', {}, false],
    ['is to be started again after a failure', {}, terminated(1), 'containers', { restartPolicy: 'OnFailure' }, false],
    ['has succeeded', {}, terminated(0), 'containers', { restartPolicy: 'OnFailure' }, true],
    ['is never started again', {}, terminated(1), 'containers', { restartPolicy: 'Never' }, true],
    ['has a policy of its own', { restartPolicy: 'Always' }, terminated(0), 'containers', { restartPolicy: 'Never' }, false],
    ['has rules of its own', { restartPolicy: 'Never', restartPolicyRules: [{}] }, terminated(0), 'containers', {}, false],
    ['is ephemeral', {}, terminated(1), 'ephemeralContainers', {}, true],
    ['is a sidecar', { restartPolicy: 'Always' }, terminated(0), 'initContainers', { restartPolicy: 'Never' }, false],
  ] as const)('ended for good: a container that %s', (_, spec, status, list, podSpec, ended) => {
    expect(view(spec, status, list, podSpec)?.ended).toBe(ended);
  });

  test('a container is starting until its startup probe has passed', () => {
    expect(view({}, {})?.starting).toBe(false);
    expect(view({ startupProbe: {} }, { started: false })?.starting).toBe(true);
    expect(view({ startupProbe: {} }, { started: true })?.starting).toBe(false);
  });

  test('names the emptyDir volumes, and no others', () => {
    const volumes = [{ name: 'run', emptyDir: {} }, { name: 'node', hostPath: {} }, { name: 'data', persistentVolumeClaim: { claimName: 'data' } }, { name: 'more', ephemeral: {} }];
    expect(projectPod({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [], volumes } } as object as Parameters<typeof projectPod>[0]).emptyDirs).toEqual(['run']);
  });

  test('init containers that end before the others begin are no writers, sidecars are', () => {
    expect(view({}, {}, 'initContainers')).toBeUndefined();
    expect(view({ restartPolicy: 'Always' }, {}, 'initContainers')).toMatchObject({ name: 'c', sidecar: true });
  });

  test('a volume that the pod declares read-only is read-only in every container', () => {
    const volumes = (readOnly: boolean): object => ({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data', readOnly } }] });
    const mounts = { volumeMounts: [{ name: 'v', mountPath: '/data' }] };
    expect(view(mounts, {}, 'containers', volumes(true))?.mounts).toMatchObject([{ volume: 'v', readOnly: true }]);
    expect(view(mounts, {}, 'containers', volumes(false))?.mounts).toMatchObject([{ volume: 'v', readOnly: false }]);
  });
});

describe('projection of a claim', () => {
  const claim = (spec: object, status: object) => projectClaim({ metadata: { name: 'data' }, spec: { resources: { requests: { storage: '2Gi' } }, ...spec }, status: { phase: 'Bound', capacity: { storage: '1Gi' }, ...status } });

  test('has nothing of classes of attributes and of expansion where nothing is said', () => {
    expect(claim({}, {})).not.toHaveProperty('attributes');
    expect(claim({}, { conditions: [] })).not.toHaveProperty('resizing');
  });

  test('says how it stands to its class of attributes', () => {
    const conditions = [{ type: 'ModifyVolumeError', status: 'True', message: 'busy' }, { type: 'FileSystemResizePending', status: 'True', message: 'waits for a pod' }, { type: 'Resizing', status: 'False', message: 'no' }];
    const status = { currentVolumeAttributesClassName: 'silver', modifyVolumeStatus: { status: 'InProgress', targetVolumeAttributesClassName: 'gold' }, conditions };
    expect(claim({ volumeAttributesClassName: 'gold' }, status)).toMatchObject({ attributes: { wanted: 'gold', current: 'silver', state: 'InProgress', error: 'busy' }, resizing: 'waits for a pod' });
  });
});

test('projection of a volume: driver, handle and classes', () => {
  const volume = projectVolume({ metadata: { name: 'pv', uid: 'u', annotations: { 'pv.kubernetes.io/provisioned-by': 'd' } }, spec: { csi: { driver: 'd', volumeHandle: 'h' }, storageClassName: 'fast', volumeAttributesClassName: 'gold', capacity: { storage: '1Gi' } } });
  expect(volume).toEqual({ metadata: { name: 'pv', uid: 'u', annotations: { 'pv.kubernetes.io/provisioned-by': 'd' } }, driver: 'd', volumeHandle: 'h', storageClassName: 'fast', attributesClass: 'gold' });
});
