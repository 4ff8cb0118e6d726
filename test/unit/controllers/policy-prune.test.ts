import { describe, expect, test } from '@jest/globals';
import { appSnapshotSpec } from '../../../src/api/appsnapshot.js';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { copiesOf, type PolicyCopy } from '../../../src/controllers/volumepolicy/copies.js';
import { prune } from '../../../src/controllers/volumepolicy/prune.js';
import { policyWriter } from '../../../src/controllers/volumepolicy/steps.js';
import type { OperatorDeps } from '../../../src/controllers/deps.js';
import { ApiError } from '../../../src/runtime/api-error.js';
import type { KubeObject, ObjectKey } from '../../../src/runtime/object.js';
import type { ResourceType } from '../../../src/runtime/resource.js';
import { policyInForce } from './policies-in-force.js';
import { at, copyOfTick, readyStatus, volumePolicy } from './policy-fixtures.js';

const policy = volumePolicy({ copies: [{ targetRef: { name: 's3' } }, { targetRef: { name: 'nas' } }] });

function copyAt(time: string, spec: object = {}): PolicyCopy {
  const made = copyOfTick(policy, at(time), readyStatus(at(time)));
  const snapshot = { ...made, spec: appSnapshotSpec.parse({ ...made.spec, copies: ['s3', 'nas'].map((name) => ({ targetRef: { name } })), ...spec }) } as AppSnapshot;
  return copiesOf(policy, [snapshot], () => false)[0]!;
}

/** What the API server is asked for; patches are answered so. */
function setup(answer: () => Promise<KubeObject> = () => Promise.resolve({ metadata: { name: 'x' } })) {
  const asked: unknown[] = [];
  const events: string[] = [];
  const rights: string[] = [];
  const client = {
    get: (type: ResourceType, { name }: ObjectKey) => Promise.resolve(policyInForce(type, name) ?? { metadata: { name } }),
    create: (_: ResourceType, object: KubeObject) => {
      const { verb } = (object['spec'] as { resourceAttributes?: { verb: string } }).resourceAttributes ?? { verb: '' };
      rights.push(verb);
      return Promise.resolve({ ...object, status: { allowed: true } });
    },
    delete: (_: ResourceType, key: ObjectKey, options: unknown) => Promise.resolve(void asked.push(['delete', key.name, options])),
    mergePatch: (_: ResourceType, key: ObjectKey, body: unknown) => (asked.push(['patch', key.name, body]), answer()),
    as: () => client,
  };
  const deps = { client, agentNamespace: 'stillpoint-agent', clock: { now: () => at('10:00') }, events: { record: ({ note }: { note: string }) => events.push(note) } } as unknown as OperatorDeps;
  return { deps, asked, events, rights, writer: policyWriter(deps, policy) };
}

describe('prune', () => {
  const copy = copyAt('09:00', { forgetCopies: ['nas'] });

  test('asks for each place, under the state that was seen, and says what goes where', async () => {
    const { deps, asked, events, writer } = setup();
    const gone = copyAt('08:00');
    await prune(writer, [gone], [{ copy, snapshots: true, targets: ['s3'] }], deps);
    expect(asked).toEqual([
      ['delete', gone.name, { uid: gone.uid, resourceVersion: '1' }],
      // What was asked for before stays asked for.
      ['patch', copy.name, { metadata: { uid: copy.uid, resourceVersion: '1' }, spec: { expiresAfter: '1m', forgetCopies: ['nas', 's3'] } }],
    ]);
    expect(events).toEqual([
      `Deleted by spec.protection.retention: ${gone.name}.`,
      `Snapshots of these go by spec.protection.retention, what is in targets stays: ${copy.name}.`,
      `Removed from s3 by its retention: ${copy.name}.`,
    ]);
  });

  test('one place alone leaves the other field alone', async () => {
    const { deps, asked, writer } = setup();
    await prune(writer, [], [{ copy, snapshots: true, targets: [] }], deps);
    expect(asked).toEqual([['patch', copy.name, { metadata: { uid: copy.uid, resourceVersion: '1' }, spec: { expiresAfter: '1m' } }]]);
  });

  test.each([409, 404])('a copy that has changed or gone meanwhile (%i) is left alone, and not spoken of', async (code) => {
    const { deps, events, writer } = setup(() => Promise.reject(new ApiError({ code, reason: code === 409 ? 'Conflict' : 'NotFound', message: '' })));
    await prune(writer, [], [{ copy, snapshots: true, targets: ['s3'] }], deps);
    expect(events).toEqual([]);
  });

  test('an account without targets needs no right to patch', async () => {
    const { deps, rights, writer } = setup();
    await prune(writer, [copyAt('08:00')], [], deps);
    expect(rights).not.toContain('patch');
    await prune(writer, [], [{ copy, snapshots: true, targets: [] }], deps);
    expect(rights).toContain('patch');
  });
});
