import { beforeAll, afterAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { deleteAndWait, takeCopy } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { Freezers } from '../lib/host.js';
import { apply, kubectl, waitFor } from '../lib/kubectl.js';
import { until } from '../lib/until.js';
import { leftovers } from '../kill/leftovers.js';
import { pathOf, recordsIn, violations, type Place } from './copied.js';
import { claim, container, job, mount, pod, writer } from './objects.js';
import { acksOf, addEphemeral, containerIdOf, podsOf, statuses, untilWrites, type Pod, type Who } from './pods.js';

const shape = 'held';
const exec = (...command: string[]): object => ({ exec: { command: ['/writer', ...command] }, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 9 });
/** What such a probe leaves for a hold: (9 - 1) · 1 s - 1 s. */
const probeBudgetMillis = 7000;

/** Every way to mount a claim, each with its own claim. */
const objects = [
  ...['sidecar', 'shared', 'probes', 'hostnet', 'job', 'completed', 'idle', 'ephemeral', 'directory', 'single', 'readonly'].map((name) => claim(name, shape)),
  claim('block', shape, { volumeMode: 'Block' }),
  claim('many', shape, { accessModes: ['ReadWriteMany'] }),
  pod('sidecar', ['sidecar'], [writer('main', 'sidecar', 'main')], { initContainers: [writer('side', 'sidecar', 'side', { restartPolicy: 'Always' })] }),
  pod('shared-a', ['shared'], [writer('main', 'shared', 'a')]),
  pod('shared-b', ['shared'], [writer('main', 'shared', 'b'), container('watcher', ['idle'], { volumeMounts: [mount('shared', { readOnly: true })] }), container('bystander', ['idle'])]),
  pod('many-a', ['many'], [writer('main', 'many', 'a')]),
  pod('many-b', ['many'], [writer('main', 'many', 'b')]),
  pod('block', ['block'], [container('main', ['write', '--device', '/dev/raw'], { volumeDevices: [{ name: 'block', devicePath: '/dev/raw' }], securityContext: { runAsUser: 0, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } } })]),
  pod('probes', ['probes'], [writer('main', 'probes', 'main', { startupProbe: exec('true'), livenessProbe: exec('true'), readinessProbe: exec('true') })]),
  pod('hostnet', ['hostnet'], [writer('main', 'hostnet', 'main')], { hostNetwork: true }),
  // The second container has ended for good: it can write no more and needs no hold.
  job('job', ['job'], [writer('main', 'job', 'main'), container('once', ['touch', '/data/once'], { volumeMounts: [mount('job')] })]),
  job('completed', ['completed'], [container('main', ['write', '--sync', '--count=20', '/data/main'], { volumeMounts: [mount('completed')] })]),
  pod('ephemeral', ['ephemeral'], [writer('main', 'ephemeral', 'main')]),
  pod('directory', ['directory'], [container('main', ['write', '/data/main'], { volumeMounts: [mount('directory', { subPath: 'sub/folder' })] })]),
  pod('single', ['single'], [container('main', ['write', '/data/file'], { volumeMounts: [mount('single', { mountPath: '/data/file', subPath: 'file' })] })], {
    initContainers: [container('touch', ['touch', '/data/file'], { volumeMounts: [mount('single')] })],
  }),
  pod('readonly', [], [container('main', ['idle'], { volumeMounts: [mount('readonly')] })], { volumes: [{ name: 'readonly', persistentVolumeClaim: { claimName: 'readonly', readOnly: true } }] }),
];

/** Who writes, and where that is in the copy. */
const writers: readonly (readonly [Who, Place])[] = [
  ['sidecar/main', { claim: 'sidecar', file: 'main' }],
  ['sidecar/side', { claim: 'sidecar', file: 'side' }],
  ['shared-a/main', { claim: 'shared', file: 'a' }],
  ['shared-b/main', { claim: 'shared', file: 'b' }],
  ['many-a/main', { claim: 'many', file: 'a' }],
  ['many-b/main', { claim: 'many', file: 'b' }],
  ['block/main', { claim: 'block' }],
  ['probes/main', { claim: 'probes', file: 'main' }],
  ['hostnet/main', { claim: 'hostnet', file: 'main' }],
  ['job/main', { claim: 'job', file: 'main' }],
  ['ephemeral/main', { claim: 'ephemeral', file: 'main' }],
  ['ephemeral/debugger', { claim: 'ephemeral', file: 'debugger' }],
  ['directory/main', { claim: 'directory', file: 'sub/folder/main' }],
  ['single/main', { claim: 'single', file: 'file' }],
];
/** Mount a claim only to read it, or none at all: left alone. */
const leftAlone: readonly Who[] = ['shared-b/watcher', 'shared-b/bystander', 'readonly/main'];
const applications = ['sidecar', 'shared-a', 'shared-b', 'many-a', 'many-b', 'block', 'probes', 'hostnet', 'job', 'ephemeral', 'directory', 'single', 'readonly'];
const completedRecords = 20;
const volumes = 13;

/** One copy of all that can be held, cut volume by volume, so that nothing but the holds makes it one instant. */
export function held(namespace: string): void {
  describe('everyone is held', () => {
    let pods: ReadonlyMap<string, Pod>;
    let copy: AppSnapshot;
    const seen = { frozen: [] as Who[], runningOn: [] as Who[] };

    beforeAll(async () => {
      await apply([looseClass]);
      await apply(objects, namespace);
      await waitFor('condition=Complete', 'job/completed', namespace, 90);
      const running = [...(await podsOf(namespace)).values()].map((p) => p.metadata).filter((m) => applications.includes(m.labels['app'] ?? ''));
      await kubectl(['-n', namespace, 'wait', '--for=condition=PodReadyToStartContainers', ...running.map((m) => `pod/${m.name}`), '--timeout=90s']);
      await addEphemeral(namespace, 'ephemeral', writer('debugger', 'ephemeral', 'debugger'));
      pods = await podsOf(namespace);
      for (const [who] of writers) await untilWrites(namespace, named(pods, who), 60);
      pods = await podsOf(namespace);
      const freezers = new Map([...writers.map(([who]) => who), ...leftAlone].map((who) => [who, new Freezers(containerIdOf(pods, who))]));
      const settled = takeCopy(namespace, 'held', { selector: { matchLabels: { shape } }, volumeGroupSnapshotClassName: looseClass.metadata.name, consistency: { required: 'CrashConsistentSynced' }, quiesce: { attempts: 1 } }, 90);
      await until('every writer is frozen', () => writers.every(([who]) => freezers.get(who)?.frozen()), 60, 2);
      for (const [who, freezer] of freezers) (freezer.frozen() ? seen.frozen : seen.runningOn).push(who);
      copy = await settled;
    }, 300_000);
    afterAll(() => kubectl(['delete', 'volumegroupsnapshotclass', looseClass.metadata.name, '--ignore-not-found']), 60_000);

    test('every container that can write is frozen, whoever only reads runs on', () => {
      expect(seen.frozen.sort()).toEqual(writers.map(([who]) => who).sort());
      expect(seen.runningOn.sort()).toEqual([...leftAlone].sort());
      const targets = (copy.status?.holds ?? []).flatMap((h) => h.targets.map((t) => `${t.pod}/${t.container}`));
      expect(targets.sort()).toEqual(writers.map(([who]) => named(pods, who)).sort());
    });

    test('the grade is what the overlap of the holds proves, capped only by what is not known of their recovery', () => {
      expect(copy.status).toMatchObject({ phase: 'Ready', grade: 'CrashConsistentSynced', attempts: 1, window: { unbroken: true, atomic: false } });
      const reasons = applications.map((name) => `${name} is of kind Generic: how it recovers what it acknowledged is not known.`);
      expect([...(copy.status?.reasons ?? [])].sort()).toEqual(reasons.sort());
      expect(copy.status?.members).toHaveLength(volumes);
    });

    test('every record that was acknowledged before the hold is in the copy, none from later, although no writer syncs', async () => {
      const records = await recordsIn(copy, [...writers.map(([, place]) => place), { claim: 'completed', file: 'main' }]);
      const found = await Promise.all(writers.map(async ([who, place]) => [who, violations(copy, await acksOf(namespace, pods, who), records.get(pathOf(place)) ?? 0)] as const));
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(writers.map(([who]) => [who, []])));
      expect(records.get('/copy/completed/main')).toBe(completedRecords);
      const { heldMillis, cutMillis, overheadMillis } = copy.status?.window ?? {};
      recordFigures('shapes', { held: { containers: writers.length, volumes, heldMillis, cutMillis, overheadMillis, records: Object.fromEntries(records) } });
    }, 120_000);

    test('probes bound the hold, and no container was restarted or left its Endpoints by it', async () => {
      expect(copy.status?.holds?.map((h) => h.maxHoldMillis)).toEqual([probeBudgetMillis]);
      const after = await podsOf(namespace);
      expect(restarts(after)).toEqual(restarts(pods));
      expect(readiness(after)).toEqual(readiness(pods));
    });

    test('nothing is left over, and every writer runs on', async () => {
      const id = containerIdOf(pods, 'sidecar/main');
      await until('nothing is left over', async () => (await leftovers(copy, [id])).length === 0, 30, 200);
      for (const [who] of writers) expect([who, new Freezers(containerIdOf(pods, who)).frozen()]).toEqual([who, false]);
      for (const [who] of writers) await untilWrites(namespace, named(pods, who));
      await deleteAndWait('appsnapshot', namespace, 'held');
    }, 120_000);
  });
}

/** A group whose volumes are cut one after the other, and whose class says that they share no instant. */
const looseClass = {
  apiVersion: 'groupsnapshot.storage.k8s.io/v1',
  kind: 'VolumeGroupSnapshotClass',
  metadata: { name: 'shapes-loose', annotations: { 'stillpoint.dev/atomicity': 'Loose' } },
  driver: 'csi.bed.stillpoint.dev',
  deletionPolicy: 'Delete',
  parameters: { mode: 'skewed', order: 'reverse', skew: '150ms' },
};

/** With the name of the pod in place of that of its Job. */
function named(pods: ReadonlyMap<string, Pod>, who: Who): Who {
  const [name = '', containerName = ''] = who.split('/');
  return `${pods.get(name)?.metadata.name ?? name}/${containerName}`;
}

function restarts(pods: ReadonlyMap<string, Pod>): Record<string, number> {
  return Object.fromEntries(applications.flatMap((name) => statuses(pods.get(name) as Pod).map((s) => [`${name}/${s.name}`, s.restartCount])));
}

function readiness(pods: ReadonlyMap<string, Pod>): unknown {
  return applications.map((name) => [name, pods.get(name)?.status.conditions?.find((c) => c.type === 'Ready')]);
}
