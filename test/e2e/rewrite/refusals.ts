import { describe, expect, test } from '@jest/globals';
import type { AppRestore } from '../../../src/api/kinds.js';
import { deleteAndWait, readyOf, untilReason } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { apply, kubectl, tryKubectl } from '../lib/kubectl.js';
import { appRestore } from '../lib/tenant.js';

type Json = Readonly<Record<string, unknown>>;

const web = { group: 'apps', kind: 'Deployment', name: 'web' };
const patches = (target: Json, ...patch: Json[]): Json => ({ patches: [{ target: { kind: 'ConfigMap', name: 'settings' }, patch: [{ op: 'test', path: '/data/site', value: 'main' }] }, { target, patch }] });

/** Refused by the API server, which names the field. */
const bySchema: readonly { readonly what: string; readonly rewrite: Json; readonly says: RegExp }[] = [
  { what: 'an image with a slash at its end', rewrite: { images: { 'registry.lost.example/': 'localhost' } }, says: /spec\.rewrite\.images.*every key must be a reference to an image/ },
  { what: 'a host with a scheme', rewrite: { hosts: { 'shop.example': 'https://drill.example' } }, says: /spec\.rewrite\.hosts\.shop\.example/ },
  { what: 'a path that is no JSON pointer', rewrite: patches(web, { op: 'replace', path: 'spec.replicas', value: 1 }), says: /spec\.rewrite\.patches\[1\]\.patch\[0\]\.path/ },
];

/** Refused with the copy in view, before anything is made. */
const byCopy: readonly { readonly what: string; readonly rewrite: Json; readonly says: string }[] = [
  { what: 'deployment', rewrite: patches(web, { op: 'replace', path: '/spec/replicas', value: 1 }, { op: 'replace', path: '/spec/template/spec/containers/1/image', value: 'x' }), says: 'spec.rewrite.patches[1].patch[1]: replace /spec/template/spec/containers/1/image of deployments.apps/web: there is no /spec/template/spec/containers/1/image' },
  { what: 'cronjob', rewrite: patches({ kind: 'CronJob', labelSelector: { matchLabels: { tier: 'bach' } } }, { op: 'add', path: '/spec/suspend', value: true }), says: 'spec.rewrite.patches[1].target: nothing that is restored is a CronJob with these labels' },
  { what: 'ingress', rewrite: patches({ kind: 'Ingress' }, { op: 'replace', path: '/metadata/namespace', value: 'kube-system' }), says: 'spec.rewrite.patches[1].patch[0]: replace /metadata/namespace of ingresses.networking.k8s.io/web: the restore goes by metadata.namespace, which a patch cannot change' },
  { what: 'custom-resource', rewrite: patches({ kind: 'Widget' }, { op: 'test', path: '/spec/zones/0', value: 'z' }), says: 'spec.rewrite.patches[1].patch[0]: test /spec/zones/0 of widgets.rewrite.e2e.example/gear: /spec/zones/0 has another value' },
  { what: 'claim', rewrite: patches({ kind: 'PersistentVolumeClaim', name: 'data' }, { op: 'remove', path: '/spec/dataSource' }), says: 'spec.rewrite.patches[1].patch[0]: remove /spec/dataSource of persistentvolumeclaims/data: the restore goes by spec.dataSource, which a patch cannot change' },
];

/** A wrong entry begins nothing, and is named. */
export function refusals(source: string, target: string): void {
  describe('refused', () => {
    const restore = (name: string, rewrite: Json): unknown => appRestore(source, name, 'copy', { into: { namespace: target, serviceAccountName: 'stillpoint' }, rewrite });

    test.each(bySchema)('$what', async ({ rewrite, says }) => {
      const { code, stderr } = await tryKubectl(['apply', '-f', '-'], JSON.stringify(restore('refused', rewrite)));
      expect(code).not.toBe(0);
      expect(stderr).toMatch(says);
    }, 30_000);

    test.each(byCopy)('$what', async ({ what, rewrite, says }) => {
      await apply([restore(what, rewrite)]);
      const refused = await untilReason<AppRestore>('apprestores', source, what, ['InvalidSpec']);
      expect(refused.status).toMatchObject({ phase: 'Failed', plan: { refuse: [says] } });
      expect(readyOf(refused.status)?.message).toBe(`Nothing was begun: ${says}.`);
      recordFigures('rewrite', { [what]: says });
      expect(await kubectl(['-n', target, 'get', 'pvc,deployments,cronjobs,ingresses,widgets', '-o', 'name'])).toBe('');
      await deleteAndWait('apprestore', source, what);
    }, 60_000);
  });
}
