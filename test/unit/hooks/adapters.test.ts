import { describe, expect, test } from '@jest/globals';
import { labels } from '../../../src/api/common.js';
import { createAdapters, detectApplications, type ApplicationEntry } from '../../../src/hooks/adapters.js';
import { allClaims, container, namespace, pod } from './namespaces.js';

const server = container('postgres', 'postgres:17', { ports: [5432] });
const web = container('web', 'registry.example/shop:1');
const orders = (n: number, labelsOf: Record<string, string> = { app: 'orders' }) => pod(`orders-${n}`, { labels: labelsOf, owner: { kind: 'StatefulSet', name: 'orders' }, containers: [server] });
const shop = pod('shop-0', { labels: { app: 'shop' }, owner: { kind: 'StatefulSet', name: 'shop' }, containers: [web] });
const entry = (part: Partial<ApplicationEntry> & { name: string }): ApplicationEntry => ({ kind: 'PostgreSQL', mode: 'Auto', ...part });

const detectAll = (view: ReturnType<typeof namespace>, entries: readonly ApplicationEntry[] = []) => detectApplications(view, entries, allClaims(view));

describe('applications of a copy', () => {
  test('what no adapter claims is Generic, one for each workload', () => {
    const found = detectAll(namespace(shop, orders(1), orders(0)));
    expect(found.map((app) => [app.name, app.kind, app.pods, app.by])).toEqual([
      ['orders', 'PostgreSQL', ['orders-0', 'orders-1'], 'image postgres'],
      ['shop', 'Generic', ['shop-0'], 'StatefulSet/shop'],
    ]);
  });

  test('pods without a claim of the copy, ended pods and pods of ours do not count', () => {
    const view = namespace(
      pod('stateless', { claims: {}, containers: [server] }),
      pod('other-claim', { claims: { data: 'other' }, containers: [server] }),
      pod('ended', { phase: 'Succeeded', claims: { data: 'mine' }, containers: [server] }),
      pod('mover', { labels: { [labels.internal]: 'true' }, claims: { data: 'mine' }, containers: [web] }),
    );
    expect(detectApplications(view, [], new Set(['mine']))).toEqual([]);
  });

  test('an application keeps only the pods whose claims are copied', () => {
    const view = namespace(orders(0), orders(1));
    expect(detectApplications(view, [], new Set(['data-orders-0']))).toMatchObject([{ name: 'orders', pods: ['orders-0'] }]);
  });

  test('an entry overrides what detection finds for the pods that it selects; the rest stays', () => {
    const view = namespace(orders(0, { app: 'orders', shard: 'a' }), orders(1), shop);
    const found = detectAll(view, [entry({ name: 'shard-a', mode: 'None', selector: { matchLabels: { shard: 'a' } }, credentialsSecretRef: { name: 'login' } })]);
    expect(found).toMatchObject([
      { name: 'shard-a', kind: 'PostgreSQL', pods: ['orders-0'], container: { 'orders-0': 'postgres' }, rank: 1000, by: 'spec.applications[0]', mode: 'None', credentialsSecret: 'login' },
      { name: 'orders', pods: ['orders-1'] },
      { name: 'shop', kind: 'Generic' },
    ]);
  });

  test('an entry without selector takes the detected application of its kind', () => {
    expect(detectAll(namespace(orders(0), shop), [entry({ name: 'main' })])).toMatchObject([{ name: 'main', pods: ['orders-0'], rank: 1000 }, { name: 'shop' }]);
  });

  test('an entry can make a database Generic', () => {
    const found = detectAll(namespace(orders(0)), [entry({ name: 'orders', kind: 'Generic', selector: { matchLabels: { app: 'orders' } } })]);
    expect(found).toMatchObject([{ name: 'orders', kind: 'Generic', pods: ['orders-0'] }]);
    expect(found).toHaveLength(1);
  });

  test('names differ', () => {
    const plain = pod('orders-web', { owner: { kind: 'Deployment', name: 'orders' }, containers: [web] });
    expect(detectAll(namespace(orders(0), plain)).map((app) => app.name)).toEqual(['orders', 'orders-generic']);
  });

  test.each([
    ['a selector that matches nothing', entry({ name: 'x', selector: { matchLabels: { app: 'nobody' } } }), 'ApplicationNotFound', 'spec.applications[0].selector'],
    ['no selector and nothing detected', entry({ name: 'x' }), 'ApplicationNotFound', 'add spec.applications[0].selector'],
    ['a container that does not exist', entry({ name: 'x', selector: { matchLabels: { app: 'shop' } }, container: 'db' }), 'ContainerNotFound', 'it has: web'],
  ])('%s is an error that names the field', (_, wrong, code, text) => {
    expect(() => detectAll(namespace(shop), [wrong])).toThrow(expect.objectContaining({ code, publicMessage: expect.stringContaining(text) as unknown as string }));
  });

  test('several applications of the kind and no selector: which one is asked for', () => {
    const ledger = pod('ledger-0', { owner: { kind: 'StatefulSet', name: 'ledger' }, containers: [server] });
    const view = namespace(orders(0), ledger);
    expect(() => detectAll(view, [entry({ name: 'x' })])).toThrow(expect.objectContaining({ code: 'ApplicationNotFound', publicMessage: expect.stringMatching(/orders, ledger|ledger, orders/) as unknown as string }));
    expect(detectAll(view, [entry({ name: 'orders', mode: 'Repository', repository: 'nightly' })])[0]).toMatchObject({ mode: 'Repository', repository: 'nightly' });
    expect(detectAll(view, [entry({ name: 'ledger', mode: 'Freeze' })])).toMatchObject([{ name: 'ledger', mode: 'Freeze' }, { name: 'orders', mode: 'Auto' }]);
  });

  test('a container that does not run, and several to choose from', () => {
    const stopped = pod('shop-0', { labels: { app: 'shop' }, containers: [container('web', 'x', { running: false })] });
    const selector = { matchLabels: { app: 'shop' } };
    expect(() => detectAll(namespace(stopped), [entry({ name: 'x', selector })])).toThrow(/does not run in pod shop-0/);
    const several = pod('shop-0', { labels: { app: 'shop' }, containers: [web, container('cache', 'x')] });
    expect(() => detectAll(namespace(several), [entry({ name: 'x', selector })])).toThrow(/several containers \(web, cache\)/);
    expect(detectAll(namespace(several), [entry({ name: 'x', kind: 'Generic', selector })])).toMatchObject([{ container: { 'shop-0': 'web' } }]);
  });

  test('Generic caps the grade and promises nothing', async () => {
    const view = namespace(shop);
    const [app] = detectAll(view);
    const looked = await createAdapters().Generic.preflight(app!, { view } as never);
    expect(looked).toMatchObject({ blockers: [], caps: [{ grade: 'CrashConsistentSynced' }] });
  });
});
