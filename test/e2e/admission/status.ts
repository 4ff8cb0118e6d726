import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apiGroup, apiVersion } from '../../../src/api/common.js';
import { kindDefinitions, schemaOf } from '../../schemas/nodes.js';
import { sample } from '../../schemas/samples.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { as, clusterAdmin, operatorByToken, operatorUser, serviceAccount } from './identities.js';
import { expectRefused } from './refused.js';

const namespace = 'e2e-admission-status';
const tenant = serviceAccount(namespace, 'stillpoint');
const says = `status is evidence and is written by ${operatorUser} only. To have something done anew, create a new object.`;
const kinds = kindDefinitions.filter((definition) => definition.status !== undefined).map((definition) => ({ kind: definition.kind, plural: definition.plural, object: objectOf(definition) }));
const ofCluster = kindDefinitions.filter(({ scope }) => scope === 'Cluster').map(({ plural }) => plural);

function objectOf(definition: (typeof kindDefinitions)[number]): object {
  const schema = schemaOf(definition, 'spec');
  const metadata = { name: 'probe', ...(definition.scope === 'Cluster' ? {} : { namespace }) };
  return { apiVersion: `${apiGroup}/${apiVersion}`, kind: definition.kind, metadata, spec: { ...(sample(schema) as object), ...('suspend' in (schema.properties ?? {}) ? { suspend: true } : {}) } };
}

/** An observedGeneration that no operator writes. */
const forged = { status: { observedGeneration: 4711 } };

/** Grades are evidence: nobody writes them, whatever RBAC says. */
export function status(): void {
  describe('status', () => {
    beforeAll(async () => {
      await makeTenant(namespace);
      await kubectl(['-n', namespace, 'create', 'role', 'write-status', '--verb=get,update,patch', ...kinds.map(({ plural }) => `--resource=${plural}.${apiGroup}/status`)]);
      await kubectl(['-n', namespace, 'create', 'rolebinding', 'write-status', '--role=write-status', `--serviceaccount=${namespace}:stillpoint`]);
      await kubectl(['create', 'clusterrole', namespace, '--verb=get,update,patch', ...ofCluster.flatMap((plural) => [`--resource=${plural}.${apiGroup}/status`, `--resource=${plural}.${apiGroup}`])]);
      await kubectl(['create', 'clusterrolebinding', namespace, `--clusterrole=${namespace}`, `--serviceaccount=${namespace}:stillpoint`]);
      await apply(kinds.map(({ object }) => ({ ...object, ...forged })));
      await until('RBAC lets the tenant', async () => (await as(tenant, ['-n', namespace, 'auth', 'can-i', 'patch', `${kinds[0]?.plural ?? ''}.${apiGroup}/status`])).code === 0, 15, 300);
    }, 60_000);
    afterAll(async () => {
      await kubectl(['delete', 'clusterrole,clusterrolebinding', namespace, '--ignore-not-found']);
      for (const plural of ofCluster) await kubectl(['delete', plural, 'probe', '--ignore-not-found']);
      await dropNamespace(namespace);
    }, 30_000);

    test.each(kinds)('of $kind is not written by cluster admin or tenant, by no verb', async ({ kind, plural }) => {
      for (const who of [clusterAdmin, tenant]) {
        const patch = ['-n', namespace, 'patch', plural, 'probe', '--subresource=status', '-p', JSON.stringify(forged)];
        expectRefused(await as(who, [...patch, '--type=merge']), who.name, `patch status of ${kind}`, 'stillpoint-status', says);
        const whole = JSON.stringify({ ...(await get<object>(plural, 'probe', namespace)), ...forged });
        expectRefused(await as(who, ['replace', '--subresource=status', '-f', '-'], whole), who.name, `replace status of ${kind}`, 'stillpoint-status', says);
        const applied = JSON.stringify({ ...kinds.find((k) => k.kind === kind)?.object, spec: undefined, ...forged });
        expectRefused(await as(who, ['apply', '--server-side', '--subresource=status', '--force-conflicts', '-f', '-'], applied), who.name, `apply status of ${kind}`, 'stillpoint-status', says);
      }
    }, 60_000);

    test.each(kinds)('of $kind is not made with the object either', async ({ plural }) => {
      expect((await get<{ status?: { observedGeneration?: number } }>(plural, 'probe', namespace))?.status?.observedGeneration).not.toBe(4711);
    }, 30_000);

    test.each(kinds)("of $kind is written with the operator's token", async ({ object }) => {
      const operator = await operatorByToken();
      const applied = JSON.stringify({ ...object, spec: undefined, ...forged });
      expect(await as(operator, ['apply', '--server-side', '--force-conflicts', '--subresource=status', '--dry-run=server', '-f', '-'], applied)).toMatchObject({ code: 0 });
    }, 30_000);
  });
}
