import { afterAll, beforeAll, describe } from '@jest/globals';
import { clearFaults } from './lib/csi-faults.js';
import { describe as describeObject, takeCopy } from './lib/copies.js';
import { apply, kubectl, waitFor } from './lib/kubectl.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { makeTenant } from './lib/tenant.js';
import { dryRun } from './rewrite/dry-run.js';
import { application, widgetDefinition, widgetRights } from './rewrite/objects.js';
import { refusals } from './rewrite/refusals.js';
import { rewritten } from './rewrite/rewritten.js';

/** An application whose registry, host and site are others where it is restored. */
describe('spec.rewrite of an AppRestore', () => {
  const source = 'e2e-rewrite';
  const target = `${source}-into`;

  beforeAll(async () => {
    clearFaults();
    await clearNamespaces(source);
    await apply([widgetDefinition]);
    await kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd/widgets.rewrite.e2e.example']);
    for (const namespace of [source, target]) {
      await makeTenant(namespace);
      await apply(widgetRights(namespace));
    }
    await apply(application, source);
    await waitFor('jsonpath={.status.phase}=Bound', 'pvc/data', source, 60);
    const copy = await takeCopy(source, 'copy', { consistency: { required: 'CrashConsistent' } });
    if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', source, 'copy'));
  }, 240_000);
  afterAll(async () => {
    for (const namespace of [source, target]) await dropNamespace(namespace);
    await untilDropped();
    await kubectl(['delete', 'crd', 'widgets.rewrite.e2e.example', '--ignore-not-found', '--timeout=60s']);
  }, 240_000);

  dryRun(source, target);
  refusals(source, target);
  rewritten(source, target);
});
