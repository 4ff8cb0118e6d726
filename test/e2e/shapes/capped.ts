import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { deleteAndWait, readyOf, takeCopy, untilReason } from '../lib/copies.js';
import { apply, kubectl, tryKubectl } from '../lib/kubectl.js';
import { appSnapshot } from '../lib/tenant.js';
import { claim, container, mount, pod, writer } from './objects.js';
import { statuses, untilPod, untilWrites } from './pods.js';

interface Capped {
  readonly name: string;
  readonly objects: readonly object[];
  /** Waits until the pod is in the state that the test is about. */
  readonly prepare: (namespace: string) => Promise<unknown>;
  readonly grade: string;
  /** Why the claim is not still, or not synced; every pod is of kind Generic besides. */
  readonly reason: string;
  readonly spec?: Readonly<Record<string, unknown>>;
}

const never = { exec: { command: ['/writer', 'false'] }, periodSeconds: 1, failureThreshold: 600 };
const canBeWritten = (name: string, why: string): string => `Claim ${name} can be written during the window. Pod ${name}, container main ${why}`;

const shapes: readonly Capped[] = [
  {
    name: 'pending',
    objects: [pod('pending', ['pending'], [writer('main', 'pending', 'main')], { nodeSelector: { 'e2e.stillpoint.dev/nowhere': 'true' } })],
    prepare: (namespace) => untilPod(namespace, 'pending', 'is Pending', (p) => p.status.phase === 'Pending'),
    grade: 'CrashConsistent',
    reason: canBeWritten('pending', 'is Pending and could begin to write: wait until it runs.'),
  },
  {
    name: 'terminating',
    objects: [pod('terminating', ['terminating'], [writer('main', 'terminating', 'main', { args: ['write', '--stubborn', '/data/main'] })], { terminationGracePeriodSeconds: 600 })],
    prepare: async (namespace) => {
      await untilWrites(namespace, 'terminating/main', 60);
      await kubectl(['-n', namespace, 'delete', 'pod', 'terminating', '--wait=false']);
    },
    grade: 'CrashConsistent',
    reason: canBeWritten('terminating', 'is terminating: wait until it is gone.'),
  },
  {
    name: 'crashing',
    objects: [pod('crashing', ['crashing'], [container('main', ['false'], { volumeMounts: [mount('crashing')] })])],
    // It waits 20 s then, which is longer than a copy takes: one that is started in the window spoils it.
    prepare: (namespace) => untilPod(namespace, 'crashing', 'waits after its third crash', (p) => statuses(p).some((s) => s.restartCount > 1 && s.state.waiting !== undefined)),
    grade: 'CrashConsistent',
    reason: canBeWritten('crashing', 'does not run and could start again at any time: repair it, or delete the pod.'),
  },
  {
    name: 'starting',
    objects: [pod('starting', ['starting'], [writer('main', 'starting', 'main', { startupProbe: never })])],
    prepare: (namespace) => untilWrites(namespace, 'starting/main', 60),
    grade: 'CrashConsistent',
    reason: canBeWritten('starting', 'has not passed its startup probe, and a hold could make it fail: wait until it has.'),
  },
  {
    name: 'not-mounted',
    objects: [pod('not-mounted', ['not-mounted'], [container('main', ['idle'])])],
    prepare: (namespace) => untilPod(namespace, 'not-mounted', 'runs', (p) => p.status.phase === 'Running'),
    grade: 'CrashConsistent',
    reason: 'Claim not-mounted is a volume of pod not-mounted, but none of its containers mounts it: it cannot be synced. Mount it, or leave it out with spec.selector.',
  },
  {
    name: 'running-on',
    objects: [pod('running-on', ['running-on'], [writer('main', 'running-on', 'main')])],
    prepare: (namespace) => untilWrites(namespace, 'running-on/main', 60),
    spec: { applications: [{ name: 'running-on', kind: 'Generic', mode: 'None' }] },
    grade: 'CrashConsistentSynced',
    reason: canBeWritten('running-on', 'is not frozen, since spec.applications sets mode None for running-on.'),
  },
];

/** What can write and is not held caps the grade and is named, before the window and in the copy. */
export function capped(namespace: string): void {
  describe('what can write and is not held', () => {
    beforeAll(() => apply(shapes.flatMap((s) => [claim(s.name, s.name), ...s.objects]), namespace), 60_000);
    // Its grace period is longer than anybody wants to wait.
    afterAll(() => tryKubectl(['-n', namespace, 'delete', 'pod', 'terminating', '--force', '--grace-period=0', '--ignore-not-found']), 60_000);

    for (const shape of shapes) {
      test(`${shape.name}: caps the grade and is named`, async () => {
        await shape.prepare(namespace);
        const spec = { selector: { matchLabels: { shape: shape.name } }, ...shape.spec };
        try {
          const copy = await takeCopy(namespace, shape.name, { ...spec, consistency: { required: 'CrashConsistent' } }, 60);
          expect(copy.status).toMatchObject({ phase: 'Ready', grade: shape.grade, attempts: 1 });
          const generic = `${shape.name} is of kind Generic: how it recovers what it acknowledged is not known.`;
          expect([...(copy.status?.reasons ?? [])].sort()).toEqual([shape.reason, generic].sort());
        } finally {
          await deleteAndWait('appsnapshot', namespace, shape.name);
        }
      }, 150_000);
    }

    test('the same sentence refuses a copy that must be better, before anything is held', async () => {
      const name = 'pending-refused';
      await apply([appSnapshot(namespace, name, { selector: { matchLabels: { shape: 'pending' } }, consistency: { required: 'CrashConsistentSynced' } })]);
      const refused = await untilReason<AppSnapshot>('appsnapshots', namespace, name, ['HoldNotPossible'], 30);
      expect(readyOf(refused.status)?.message).toMatch(/^spec\.consistency\.required is CrashConsistentSynced, but at best CrashConsistent can be reached: Claim pending can be written during the window\. .*wait until it runs\./);
      expect(refused.status?.attempts ?? 0).toBe(0);
      await deleteAndWait('appsnapshot', namespace, name);
    }, 60_000);
  });
}
