import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { grades, type Grade } from '../../../src/api/common.js';
import { errorCatalogue } from '../../../src/api/errors.js';
import { accepted, nearlyAccepted, unbound, type Hints } from '../../schemas/arbitrary.js';
import { kindDefinitions, schemaOf } from '../../schemas/nodes.js';
import { openHoldsOf } from '../lib/host.js';
import { readyOf, snapshotObjects } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { apply, kubectl } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { openApi, type Api, type Answer } from './api.js';
import { operatorHealth } from './operator-health.js';

const seed = Number(process.env['SEED'] || 1);
const count = Number(process.env['RUNS'] || 120);
const batchSize = 40;

/** Where objects go: a namespace, and the reasons that an AppSnapshot may end with there. `undefined`: every one of the catalogue, and Ready. */
const places = {
  'e2e-fuzz-unserved': { options: { served: false }, reasons: ['NamespaceNotServed', 'InvalidSpec'] },
  'e2e-fuzz-poor': { options: { rights: ['view'] }, reasons: ['AccountNotAllowed', 'AccountNotFound', 'InvalidSpec'] },
  'e2e-fuzz-empty': { options: {}, reasons: ['NoMembers', 'AccountNotAllowed', 'AccountNotFound', 'InvalidSpec', 'ApplicationNotFound'] },
  'e2e-fuzz-claim': { options: {}, reasons: undefined },
} as const;
type PlaceName = keyof typeof places;
const namespaces = Object.keys(places) as PlaceName[];

/** Names that lead somewhere now and then: random ones alone would all end at the first check. */
const hints: Hints = {
  serviceAccountName: fc.oneof({ weight: 6, arbitrary: fc.constant('stillpoint') }, { weight: 1, arbitrary: fc.constant('default') }, { weight: 1, arbitrary: fc.stringMatching(/^[a-z]{1,8}$/) }),
  'into.namespace': fc.oneof(fc.constantFrom(...namespaces), fc.stringMatching(/^[a-z]{1,8}$/)),
  'into.serviceAccountName': fc.constantFrom('stillpoint', 'default', 'nobody'),
  'volumeSnapshotClassName': fc.constantFrom('bed-atomic', 'none'),
  'volumeGroupSnapshotClassName': fc.constantFrom('bed-atomic', 'none'),
  'storageClusterRef.name': fc.constant('none'),
  suspend: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
};

/** What is not in a namespace is an admin's; the suite `volumes` has it. */
const kinds = kindDefinitions.filter(({ scope }) => scope === undefined);

interface Shot {
  readonly kind: (typeof kindDefinitions)[number];
  readonly namespace: PlaceName;
  readonly spec: unknown;
}

/** Made once: arbitraries of patterns are costly to make and cheap to draw from. */
function shots(): fc.Arbitrary<Shot> {
  const each = kinds.map((kind): fc.Arbitrary<Shot> => {
    const schema = schemaOf(kind, 'spec');
    // A rule of the whole spec would leave its fixtures only: the fields are drawn, and what breaks the rule is left out.
    const whole = accepted({ ...schema, 'x-kubernetes-validations': [] }, hints).filter((spec) => kind.spec.safeParse(spec).success);
    return fc.record({ kind: fc.constant(kind), namespace: fc.constantFrom(...namespaces), spec: fc.oneof(whole, nearlyAccepted(schema, hints), unbound(schema, hints)) });
  });
  return fc.oneof(...each);
}

interface Stored {
  readonly metadata: { readonly name: string; readonly namespace: PlaceName };
  readonly spec: { readonly suspend?: boolean; readonly consistency?: { readonly required: Grade; readonly onUnmet: string } };
  readonly status?: Parameters<typeof readyOf>[0] & { grade?: Grade; holds?: readonly { id: string }[] };
}

/** Objects drawn from the schemas, wrong ones among them, with the operator running: it neither falls nor does what it should refuse. */
export function fuzz(): void {
  describe(`fuzz (SEED=${seed} RUNS=${count})`, () => {
    let api: Api;
    beforeAll(async () => {
      api = openApi();
      await Promise.all(namespaces.map((namespace) => makeTenant(namespace, places[namespace].options)));
      await apply([{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'e2e-fuzz-claim' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '64Mi' } } } }]);
    }, 60_000);
    afterAll(async () => {
      api.close();
      for (const namespace of namespaces) await dropNamespace(namespace);
    }, 60_000);

    test('server and zod agree, and the operator stands', async () => {
      const drawn = fc.sample(shots(), { seed, numRuns: count });
      const before = await operatorHealth();
      const problems: string[] = [];
      const reasons: Record<string, number> = {};
      let taken = 0;
      for (let from = 0; from < drawn.length; from += batchSize) {
        const answers = await Promise.all(drawn.slice(from, from + batchSize).map((shot, i) => fire(api, shot, from + i)));
        problems.push(...answers.flatMap((a) => a.problems));
        taken += answers.filter((a) => a.answer.code < 300).length;
        problems.push(...(await settle(reasons)));
      }
      recordFigures('admission', { fuzz: { seed, count, taken, refused: count - taken, reasons } });
      expect(problems).toEqual([]);
      expect(taken).toBeGreaterThan(count / 5);
      expect(count - taken).toBeGreaterThan(count / 10);
      expect(await operatorHealth()).toMatchObject({ restarts: before.restarts, panics: before.panics, unhandled: [] });
    }, Math.max(240_000, count * 1500));
  });
}

async function fire(api: Api, { kind, namespace, spec }: Shot, number: number): Promise<{ answer: Answer; problems: string[] }> {
  const object = { apiVersion: 'stillpoint.dev/v1alpha1', kind: kind.kind, metadata: { name: `fuzz-${number}`, namespace }, spec };
  const answer = await api.create(kind.plural, namespace, object);
  const shown = `#${number} ${kind.kind} in ${namespace}: ${JSON.stringify(spec)}`;
  // What the server took is what it stored, defaults filled in.
  if (answer.code < 300) {
    const zod = kind.spec.safeParse((answer.body as Stored).spec);
    return { answer, problems: zod.success ? [] : [`${shown}: taken by the server, refused by zod: ${zod.error.message}`] };
  }
  const { message } = answer.body as { message: string };
  if (answer.code === 403) return { answer, problems: /spec\.\S+ is required|may not impersonate/.test(message) ? [] : [`${shown}: ${message}`] };
  if (answer.code !== 422 && answer.code !== 400) return { answer, problems: [`${shown}: answered with ${answer.code}: ${message}`] };
  const sentence = /spec/.test(message) ? [] : [`${shown}: the refusal names no field: ${message}`];
  const byPolicy = message.includes('ValidatingAdmissionPolicy');
  return { answer, problems: !byPolicy && kind.spec.safeParse(spec).success ? [`${shown}: refused by the server, taken by zod: ${message}`] : sentence };
}

/** Waits until every object of a batch has a reason, holds it against what may be, and removes it. */
async function settle(reasons: Record<string, number>): Promise<string[]> {
  let objects: (Stored & { kind: string })[] = [];
  const list = kinds.map((d) => d.plural).join(',');
  const look = async (): Promise<boolean> => {
    objects = (JSON.parse(await kubectl(['get', list, '-A', '-o', 'json'])) as { items: (Stored & { kind: string })[] }).items.filter((o) => namespaces.includes(o.metadata.namespace));
    return objects.every(settled);
  };
  await until('every object has a reason', look, 90, 500).catch((error: unknown) => Promise.reject(new Error(JSON.stringify(objects.filter((o) => !settled(o))).slice(0, 4000), { cause: error })));
  for (const o of objects) reasons[`${o.kind} ${reasonOf(o)}`] = (reasons[`${o.kind} ${reasonOf(o)}`] ?? 0) + 1;
  const problems = objects.flatMap((o) => problemsOf(o).map((text) => `${o.kind} ${o.metadata.namespace}/${o.metadata.name}: ${text}: ${JSON.stringify(o.spec)} ${JSON.stringify(readyOf(o.status))}`));
  for (const namespace of namespaces.filter((n) => n !== 'e2e-fuzz-claim')) problems.push(...(await snapshotObjects(namespace)).map((name) => `${namespace} has ${name}`));
  problems.push(...objects.flatMap(openHoldsOf).map((id) => `hold ${id} is open`));
  for (const namespace of namespaces) await kubectl(['-n', namespace, 'delete', list, '--all', '--wait=true', '--timeout=60s']);
  return problems;
}

const reasonOf = (o: Stored): string => readyOf(o.status)?.reason ?? '';
/** Steps on the way; what stays for longer is not settled. */
const underWay = ['', 'WaitingForTurn', 'Planned', 'Warmed', 'Holding', 'Released', 'Graded', 'WaitingForEvidence', 'WaitingForDriver', 'RemovingLostAttempt', 'Checking'];
/** A kind that nothing reconciles has no reason. */
const silent = new Set(kindDefinitions.filter((definition) => definition.status === undefined).map((definition) => definition.kind));
const settled = (o: Stored & { kind: string }): boolean => silent.has(o.kind) || !underWay.includes(reasonOf(o));

function problemsOf(o: Stored & { kind: string }): string[] {
  const reason = reasonOf(o);
  if (silent.has(o.kind)) return [];
  // A good policy waits for its time; what its copies may come to is asked of them.
  if (o.kind === 'VolumePolicy') return ['Scheduled', 'Suspended', 'Enforced', 'CopyFailed', 'CopyWaiting'].includes(reason) || reason in errorCatalogue ? [] : ['a reason that is none of a policy'];
  if (o.spec.suspend === true) return reason === 'Suspended' ? [] : ['should be suspended'];
  if (o.kind !== 'AppSnapshot') return reason in errorCatalogue ? [] : ['a reason that is not in the catalogue'];
  const allowed = places[o.metadata.namespace].reasons;
  if (allowed !== undefined && (o.status?.holds ?? []).length > 0) return ['has holds'];
  if (allowed !== undefined) return (allowed as readonly string[]).includes(reason) ? [] : [`may only end with ${allowed.join(', ')}`];
  if (reason in errorCatalogue) return [];
  const { grade } = o.status ?? {};
  const { required, onUnmet } = o.spec.consistency ?? { required: 'Quiesced', onUnmet: 'Fail' };
  if (grade === undefined) return ['ready without a grade'];
  return onUnmet === 'Downgrade' || grades.indexOf(grade) <= grades.indexOf(required) ? [] : [`has grade ${grade}`];
}
