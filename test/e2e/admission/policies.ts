import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppRestore, AppSnapshot } from '../../../src/api/kinds.js';
import { requiredPolicies } from '../../../src/controllers/policies.js';
import { helm, operatorNamespace } from '../install/operator.js';
import { readyOf, untilReason } from '../lib/copies.js';
import { containerId, startDatabase } from '../lib/database.js';
import { apply, get, kubectl, tryKubectl, waitFor } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { appRestore, appSnapshot, makeTenant } from '../lib/tenant.js';
import { openHoldsOn } from './canary-places.js';
import { refused } from './refused.js';

const namespace = 'e2e-admission-policies';
const policyType = 'validatingadmissionpolicies';
const bindingType = 'validatingadmissionpolicybindings';
const names = requiredPolicies.map((p) => p.name);

interface Stored {
  metadata: Record<string, unknown>;
}

/** One way to take a fence away. */
interface Weakening {
  readonly what: string;
  readonly type: string;
  readonly name: string;
  /** A merge patch; without one the object is deleted. */
  readonly patch?: object;
  readonly says: string;
}

const fromHere = { namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['somewhere'] }] } };
const weakenings: Weakening[] = [
  ...names.flatMap((name): Weakening[] => [
    { what: 'without policy', type: policyType, name, says: `ValidatingAdmissionPolicy ${name} is not installed.` },
    { what: 'without binding', type: bindingType, name, says: `ValidatingAdmissionPolicyBinding ${name} is not installed.` },
  ]),
  { what: 'binding that only warns', type: bindingType, name: 'stillpoint-agent-exec', patch: { spec: { validationActions: ['Warn'] } }, says: 'ValidatingAdmissionPolicyBinding stillpoint-agent-exec: spec.validationActions must have Deny.' },
  { what: 'binding narrowed', type: bindingType, name: 'stillpoint-status', patch: { spec: { matchResources: fromHere } }, says: 'ValidatingAdmissionPolicyBinding stillpoint-status: spec.matchResources must be absent.' },
  { what: 'policy that admits what it cannot judge', type: policyType, name: 'stillpoint-author', patch: { spec: { failurePolicy: 'Ignore' } }, says: 'ValidatingAdmissionPolicy stillpoint-author: spec.failurePolicy must be Fail.' },
  { what: 'policy for other namespaces', type: policyType, name: 'stillpoint-agent-closed', patch: { spec: { matchConstraints: { namespaceSelector: { matchLabels: { fenced: 'yes' } } } } }, says: 'ValidatingAdmissionPolicy stillpoint-agent-closed: spec.matchConstraints.namespaceSelector must select namespace stillpoint-agent.' },
  { what: 'policy with an exception', type: policyType, name: 'stillpoint-status', patch: { spec: { matchConditions: [{ name: 'not-there', expression: "request.namespace != 'somewhere'" }] } }, says: 'ValidatingAdmissionPolicy stillpoint-status: spec.matchConditions must not have not-there.' },
];

/** The fences themselves: when one is gone or does not deny, the operator begins nothing. */
export function policies(): void {
  describe('policies', () => {
    const kept = new Map<string, Stored>();

    beforeAll(async () => {
      for (const type of [policyType, bindingType]) {
        for (const name of names) {
          const stored = await get<Stored>(type, name);
          if (stored === undefined) throw new Error(`${type} ${name} is not installed`);
          const { labels, annotations } = stored.metadata;
          kept.set(`${type}/${name}`, { ...stored, metadata: { name, labels, annotations } });
        }
      }
      await makeTenant(namespace);
      await startDatabase(namespace, '15');
    }, 120_000);

    /** Whatever a failed test has left: the fences stand again. */
    afterAll(async () => {
      for (const key of kept.keys()) await putBack(key);
      await dropNamespace(namespace);
    }, 90_000);

    const putBack = async (key: string): Promise<void> => {
      const stored = JSON.stringify(kept.get(key));
      if ((await tryKubectl(['replace', '-f', '-'], stored)).code !== 0) await kubectl(['create', '-f', '-'], stored);
    };

    test.each(weakenings)('$what ($name): nothing is begun, and the object says what is missing', async ({ what, type, name, patch, says }) => {
      const object = `${what} ${name}`.replaceAll(' ', '-');
      if (patch === undefined) await kubectl(['delete', type, name]);
      else await kubectl(['patch', type, name, '--type=merge', '-p', JSON.stringify(patch)]);
      try {
        await apply([appSnapshot(namespace, object), appRestore(namespace, object, 'copy')]);
        const [copy, restore] = await Promise.all([untilReason<AppSnapshot>('appsnapshots', namespace, object, ['PoliciesMissing'], 30), untilReason<AppRestore>('apprestores', namespace, object, ['PoliciesMissing'], 30)]);
        for (const { status } of [copy, restore]) {
          const message = readyOf(status)?.message ?? '';
          expect(message).toContain(says);
          expect(message).toContain('helm upgrade --install');
          expect(message).toContain('The operator begins nothing and does not exec into agents while it is so.');
        }
        expect({ window: copy.status?.window, holds: copy.status?.holds ?? [], open: openHoldsOn(await containerId(namespace)) }).toEqual({ window: undefined, holds: [], open: [] });
        refused('the operator', `work ${what} ${name}`, 'PoliciesMissing', readyOf(copy.status)?.message ?? '');
        await kubectl(['-n', namespace, 'delete', 'appsnapshot,apprestore', object]);
      } finally {
        await putBack(`${type}/${name}`);
      }
    }, 60_000);

    test('with all of them back, work goes on', async () => {
      await apply([appSnapshot(namespace, 'again')]);
      await waitFor('condition=Ready', 'appsnapshot/again', namespace, 60);
    }, 90_000);

    test('helm upgrade puts back what was deleted', async () => {
      await kubectl(['delete', bindingType, 'stillpoint-agent-closed']);
      expect(await helm('upgrade', 'stillpoint', 'charts/stillpoint', '-n', operatorNamespace, '--reuse-values', '--wait', '--timeout', '120s')).toMatchObject({ code: 0 });
      expect(await get(bindingType, 'stillpoint-agent-closed')).toMatchObject({ spec: { validationActions: ['Deny'] } });
    }, 150_000);
  });
}
