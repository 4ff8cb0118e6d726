import { expect, test } from '@jest/globals';
import { deleteAndWait, describe as describeObject, restoreCopy } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { get, kubectl } from '../lib/kubectl.js';
import { found, host, lost, neighbour, newHost, rewrite } from './objects.js';

/** It runs from the images that are there, under its new host, as the patches say, and nothing else of it has changed. */
export function rewritten(source: string, target: string): void {
  test('an application of a registry that is gone runs elsewhere, by images, hosts and patches', async () => {
    const restore = await restoreCopy(source, 'moved', 'copy', { into: { namespace: target, serviceAccountName: 'stillpoint' }, rewrite }, 180);
    if (restore.status?.phase !== 'Ready') throw new Error(await describeObject('apprestore', source, 'moved'));
    await kubectl(['-n', target, 'rollout', 'status', 'deployment/web', '--timeout=60s']);
    const container = { image: `${found}/pause:1` };
    expect(await get('deployment', 'web', target)).toMatchObject({
      spec: { replicas: 1, template: { spec: { initContainers: [container], containers: [{ ...container, env: [{ name: 'IMAGE', value: `${lost}/pause:1` }, { name: 'SITE', value: 'drill' }] }] } } },
      status: { readyReplicas: 1 },
    });
    expect(await get('cronjob', 'yearly', target)).toMatchObject({ spec: { suspend: true, jobTemplate: { spec: { template: { spec: { containers: [container, { image: neighbour }] } } } } } });
    expect(await get('ingress', 'web', target)).toMatchObject({ spec: { rules: [{ host: newHost }, { host: `www.${host}` }], tls: [{ hosts: [newHost], secretName: 'web-tls' }] } });
    expect(await get('widget', 'gear', target)).toMatchObject({ spec: { endpoint: `${newHost}:9000`, zones: ['a', 'c'] } });
    expect(await get('configmap', 'settings', target)).toMatchObject({ data: { url: `https://${host}/`, site: 'main' } });
    expect(await get('deployment', 'web', source)).toMatchObject({ spec: { replicas: 0, template: { spec: { containers: [{ image: `${lost}/pause:1` }] } } } });
    recordFigures('rewrite', { rtoSeconds: restore.status.rtoSeconds });
    await deleteAndWait('apprestore', source, 'moved');
  }, 240_000);
}
