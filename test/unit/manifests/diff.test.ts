import { describe, expect, test } from '@jest/globals';
import { diffObjects } from '../../../src/manifests/diff.js';
import { gitOpsGuard, gitOpsOwner } from '../../../src/manifests/gitops.js';
import { ApiError } from '../../../src/runtime/api-error.js';
import type { Client } from '../../../src/runtime/client.js';
import { bytesOf, larger } from '../../../src/manifests/quantity.js';
import { captured } from './objects.js';

describe('diff', () => {
  const diff = (kind: string, before: object, after: object, salt = 's'): ReturnType<typeof diffObjects> =>
    diffObjects(captured('', kind, {}).type, captured('', kind, before).object, captured('', kind, after).object, salt);

  test('fields by pointer; runtime fields do not count', () => {
    expect(diff('ConfigMap', { data: { a: '1', 'b/c': 'x' }, status: 1 }, { data: { a: '2', d: 'y' }, status: 2 })).toEqual([
      { path: '/data/a', from: '"1"', to: '"2"' },
      { path: '/data/b~1c', from: '"x"' },
      { path: '/data/d', to: '"y"' },
    ]);
    expect(diff('ConfigMap', { data: { a: '1' } }, { data: { a: '1' } })).toEqual([]);
  });

  test('values of Secrets never appear, but equal ones are recognised', () => {
    const data = (value: string): object => ({ data: { key: Buffer.from(value).toString('base64') } });
    const [change] = diff('Secret', data('hunter2'), data('swordfish'));
    expect(JSON.stringify(change)).not.toMatch(/hunter2|swordfish|aHVudGVyMg|c3dvcmRmaXNo/);
    expect(change?.from).toMatch(/^"7 bytes, [0-9a-f]{12}"$/);
    expect(diff('Secret', data('x'), data('x'))).toEqual([]);
    expect(diff('Secret', data('hunter2'), data('y'), 'other')[0]?.from).not.toBe(change?.from);
  });
});

describe('GitOps', () => {
  const owner = (metadata: object): string | undefined => gitOpsOwner(captured('', 'ConfigMap', {}, metadata).object)?.suspendCommand;
  test.each<[object, string | undefined]>([
    [{ annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:shop/web' } }, 'argocd app set shop --sync-policy none'],
    [{ labels: { 'argocd.argoproj.io/instance': 'shop' } }, 'argocd app set shop --sync-policy none'],
    [{ labels: { 'kustomize.toolkit.fluxcd.io/name': 'k', 'kustomize.toolkit.fluxcd.io/namespace': 'flux' } }, 'flux suspend kustomization k -n flux'],
    [{ labels: { 'helm.toolkit.fluxcd.io/name': 'h', 'helm.toolkit.fluxcd.io/namespace': 'flux' } }, 'flux suspend helmrelease h -n flux'],
    [{ labels: { 'app.kubernetes.io/instance': 'shop', 'app.kubernetes.io/managed-by': 'Helm' } }, undefined],
  ])('%j', (metadata, command) => {
    expect(owner(metadata)).toBe(command);
  });

  const argo = { annotations: { 'argocd.argoproj.io/tracking-id': 'teams_shop:apps/Deployment:shop/web' } };
  const flux = { labels: { 'kustomize.toolkit.fluxcd.io/name': 'k', 'kustomize.toolkit.fluxcd.io/namespace': 'flux' } };
  const none = new ApiError({ code: 404, reason: 'NotFound', message: 'not there' });
  const denied = new ApiError({ code: 403, reason: 'Forbidden', message: 'no' });
  test.each<[string, object, unknown, RegExp | undefined]>([
    ['a Kustomization that is suspended', flux, { spec: { suspend: true } }, undefined],
    ['one that is not', flux, { spec: {} }, /^ManagedByGitOps: Flux kustomization flux\/k would undo the change; suspend it first: flux suspend kustomization k -n flux$/],
    ['one that nobody can see', flux, denied, /is not known: the account may not get kustomizations\.kustomize\.toolkit\.fluxcd\.io flux\/k, or it is not there/],
    ['an Application without automatic sync', argo, { spec: { syncPolicy: {} } }, undefined],
    ['one whose automatic sync is switched off', argo, { spec: { syncPolicy: { automated: { enabled: false } } } }, undefined],
    ['one that syncs', argo, { spec: { syncPolicy: { automated: {} } } }, /^ManagedByGitOps: Argo CD application teams_shop would undo/],
    ['one that is gone', argo, none, /applications\.argoproj\.io teams\/shop/],
    ['one that has no name', { labels: { 'argocd.argoproj.io/instance': 'shop_' } }, none, /is not known/],
    ['nobody', {}, none, undefined],
  ])('an object of %s', async (_, metadata, answer, says) => {
    const asked: string[] = [];
    const get = (_type: unknown, { namespace = '', name }: { namespace?: string; name: string }): Promise<unknown> => {
      asked.push(`${namespace}/${name}`);
      return answer instanceof ApiError ? Promise.reject(answer) : Promise.resolve(answer);
    };
    const guard = gitOpsGuard({ get } as unknown as Pick<Client, 'get'>);
    const { object } = captured('', 'ConfigMap', {}, metadata);
    const said = [await guard(object), await guard(object)];
    expect(said[0] ?? '').toMatch(says ?? /^$/);
    expect(said[1]).toBe(said[0]);
    expect(asked.length).toBeLessThanOrEqual(1);
  });
});

describe('sizes', () => {
  test.each<[string, bigint]>([
    ['0', 0n], ['1', 1n], ['1Ki', 1024n], ['1.5Gi', 1610612736n], ['500M', 500000000n], ['1e3', 1000n], ['0.1Ki', 103n], ['2E', 2000000000000000000n],
  ])('%s is %s bytes', (text, bytes) => {
    expect(bytesOf(text)).toBe(bytes);
  });
  test('what is no size is refused', () => {
    for (const odd of ['', 'Gi', '-1', '1 Gi', '1m', '1KiB']) expect(() => bytesOf(odd)).toThrow(RangeError);
  });
  test('the larger of two, as written', () => {
    expect([larger('1Gi', '1G'), larger('1Gi', '2Gi'), larger('1Gi', '1024Mi')]).toEqual(['1Gi', '2Gi', '1Gi']);
  });
});
