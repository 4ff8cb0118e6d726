import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { at, copyOfTick } from './policy-fixtures.js';
import { DrillWorld, type Fate } from './drill-world.js';

const newest = (world: DrillWorld): string => copyOfTick(world.policy, at('09:00')).metadata.name;

/** Until the first drill is over. */
async function afterDrill(world: DrillWorld): Promise<void> {
  await world.live(2);
  world.now = at('11:00:01');
  await world.live(40);
}

describe('a drill', () => {
  test('restores the newest copy, notes the result once and leaves nothing', async () => {
    const world = new DrillWorld();
    await afterDrill(world);
    expect(world.noted).toMatchObject([{ due: '2026-11-29T11:00:00.000Z', copy: newest(world), verified: true, reason: 'DrillPassed', isolated: true, checksPassed: 3, checksFailed: 0, rtoSeconds: 12 }]);
    expect(world.left).toEqual([]);
    expect(world.policy.status?.drill).toBeUndefined();
    expect(world.condition('Verified')).toMatchObject({ status: 'True', reason: 'DrillPassed' });
    expect(world.policy.status).toMatchObject({ nextDrill: '2026-11-29T12:00:00.000Z', lastVerified: { name: newest(world) } });
    expect(world.events).toEqual(expect.arrayContaining(['DrillBegun', 'DrillPassed']));
  });

  test('makes the fences before anything of the copy, the quotas when the isolation is proven, and the restore last', async () => {
    const world = new DrillWorld();
    await afterDrill(world);
    expect(world.made.map((name) => name.replace(/shop-drill-[0-9a-f]{10}/, 'D').replace(/drill-[0-9a-f]{8}$/, 'drill-U'))).toEqual([
      'namespaces/D',
      'rolebindings/stillpoint-drill',
      'networkpolicies/stillpoint-drill',
      'serviceaccounts/stillpoint-drill-U',
      'pods/stillpoint-isolation',
      'resourcequotas/stillpoint-drill',
      'resourcequotas/source-all',
      'apprestores/D',
    ]);
  });

  test('takes an older copy that is not verified when the newest is, and the newest when all are', async () => {
    const world = new DrillWorld();
    await afterDrill(world);
    world.now = at('12:00:01');
    await world.live(40);
    world.now = at('13:00:01');
    await world.live(40);
    expect(world.noted.map(({ copy }) => copy)).toEqual([newest(world), copyOfTick(world.policy, at('08:00')).metadata.name, newest(world)]);
  });

  const bad: readonly (readonly [Fate, string, string])[] = [
    ['fails', 'False', 'DrillFailed'],
    ['isUnknown', 'Unknown', 'DrillNotVerified'],
    ['hangs', 'False', 'DrillTimedOut'],
  ];
  test.each(bad)('whose restore %s: Verified is %s, %s', async (fate, status, reason) => {
    const world = new DrillWorld();
    world.fate = fate;
    await afterDrill(world);
    await world.live(40, 60);
    expect(world.noted[0]).toMatchObject({ verified: false, reason });
    expect(world.condition('Verified')).toMatchObject({ status, reason });
    expect(world.left.filter((key) => !key.includes(world.policy.status?.drill?.namespace ?? 'none'))).toEqual([]);
  });

  test('without isolation restores nothing, unless an admin allows it, and then says so', async () => {
    const strict = new DrillWorld();
    strict.isolated = false;
    await afterDrill(strict);
    expect(strict.noted).toMatchObject([{ reason: 'IsolationNotEnforced', verified: false }]);
    expect(strict.made.some((name) => name.startsWith('apprestores/'))).toBe(false);
    expect(strict.left).toEqual([]);
    const loose = new DrillWorld();
    Object.assign(loose, { isolated: false, requireIsolation: false });
    await afterDrill(loose);
    expect(loose.noted).toMatchObject([{ reason: 'DrillPassed', isolated: false }]);
    expect(loose.condition('Verified')?.message).toContain('It was not isolated');
  });

  test('is not begun where drills are off, and the value to set is said; copies go on', async () => {
    const world = new DrillWorld();
    world.enabled = false;
    await afterDrill(world);
    expect(world.made).toEqual([]);
    expect(world.condition('Verified')).toMatchObject({ status: 'Unknown', reason: 'DrillsDisabled' });
    expect(world.condition('Verified')?.message).toContain('--set drills.enabled=true');
    expect(world.condition('Ready')).toMatchObject({ status: 'True', reason: 'Scheduled' });
  });

  test('that is switched off in the middle says what is left, and is over when somebody has removed it', async () => {
    const world = new DrillWorld();
    world.fate = 'hangs';
    await world.live(2);
    world.now = at('11:00:01');
    await world.live(10);
    world.enabled = false;
    await world.live(3);
    expect(world.noted).toMatchObject([{ reason: 'DrillAborted' }]);
    expect(world.condition('DrillRemoved')).toMatchObject({ status: 'False', reason: 'DrillsDisabled' });
    expect(world.condition('DrillRemoved')?.message).toMatch(/kubectl -n shop delete apprestore shop-drill-\w+; kubectl delete namespace shop-drill-\w+$/);
    world.userDeletes('apprestores');
    world.userDeletes('namespaces');
    await world.live(3);
    expect(world.policy.status?.drill).toBeUndefined();
    expect(world.condition('DrillRemoved')).toMatchObject({ status: 'True' });
  });

  test('whose namespace does not go says so, and no other is begun', async () => {
    const world = new DrillWorld();
    world.terminatingHangs = true;
    await afterDrill(world);
    await world.live(100, 60);
    expect(world.noted).toHaveLength(1);
    expect(world.condition('DrillRemoved')).toMatchObject({ status: 'False', reason: 'RemovalStuck', message: expect.stringContaining('Some content remains.') as unknown });
    expect(world.condition('Verified')).toMatchObject({ status: 'True', reason: 'DrillPassed' });
    world.terminatingHangs = false;
    await world.live(3);
    expect(world.condition('DrillRemoved')).toMatchObject({ status: 'True', reason: 'Removed' });
  });

  test('of which the policy does not know any more is swept', async () => {
    const world = new DrillWorld();
    world.fate = 'hangs';
    await world.live(2);
    world.now = at('11:00:01');
    await world.live(10);
    const status = world.policy.status!;
    world.objects.get('volumepolicies/shop/nightly')!['status'] = { ...status, drill: undefined, lastDrill: { ...status.drill, verified: false } };
    await world.live(5);
    expect(world.left).toEqual([]);
  });

  test.each([
    ['the name of a drill', { name: 'shop' }],
    ['a uid as its mark', { labels: { 'stillpoint.dev/drill': '' } }],
    ['the policy that it is of', { annotations: {} }],
  ])('a marked namespace without %s is nothing to sweep', async (_, metadata) => {
    const world = new DrillWorld();
    world.mark(metadata);
    await world.live(3);
    expect(world.marked).toBe(true);
  });

  test('what is left of a deleted policy is swept, whatever is wrong with another; not without the policies that fence the mark', async () => {
    const world = new DrillWorld();
    world.mark({ name: 'shop-drill-0000000001', annotations: { 'stillpoint.dev/drill-of': 'broken/gone' } });
    world.mark({});
    world.missing = 'stillpoint-drill-namespace';
    await world.live(3);
    expect(world.marked).toBe(true);
    world.missing = undefined;
    await world.live(3);
    expect([...world.objects.keys()].filter((key) => key.includes('-drill-'))).toEqual(['namespaces//shop-drill-0000000001']);
  });

  test('waits for the room that the namespace of a deleted policy still takes', async () => {
    const world = new DrillWorld();
    world.terminatingHangs = true;
    world.mark({ annotations: { 'stillpoint.dev/drill-of': 'shop/forgotten' } });
    await afterDrill(world);
    expect(world.noted).toEqual([]);
    expect(world.condition('Verified')).toMatchObject({ status: 'Unknown', reason: 'WaitingForTurn' });
    world.terminatingHangs = false;
    await world.live(40);
    expect(world.noted).toMatchObject([{ reason: 'DrillPassed' }]);
  });

  test('has series while there are drills; a policy that is gone has none, whoever looked at it last', async () => {
    const world = new DrillWorld();
    await afterDrill(world);
    expect(world.series).toMatchObject({ drill: expect.any(Number) as unknown, drillVerified: true });
    const { protection } = world.policy.spec;
    const set = (verify: object | undefined): unknown => (world.objects.get('volumepolicies/shop/nightly')!['spec'] = { ...world.policy.spec, protection: { ...protection, verify } });
    set(undefined);
    await world.live(2);
    expect(world.series).toEqual({ drill: undefined, drillVerified: undefined });
    world.userDeletes('volumepolicies');
    await world.live(3);
    expect(world.series).toBeUndefined();
  });

  test('whose schedule can never come says so, and copies go on', async () => {
    const world = new DrillWorld({ cron: '0 0 31 2 *' });
    await world.live(3);
    expect(world.condition('Verified')).toMatchObject({ status: 'Unknown', reason: 'InvalidSpec', message: expect.stringMatching(/^spec\.protection\.verify\.cron: no day/) as unknown });
    expect(world.condition('Ready')).toMatchObject({ status: 'True', reason: 'Scheduled' });
  });

  test('of which nothing was restored when its time is over says nothing of the copy', async () => {
    const world = new DrillWorld();
    world.canaryHangs = true;
    await world.live(2);
    world.now = at('11:00:01');
    await world.live(60, 30);
    expect(world.noted).toMatchObject([{ reason: 'DrillAborted', message: expect.stringContaining('before anything was restored') as unknown }]);
    expect(world.condition('Verified')).toMatchObject({ status: 'Unknown', reason: 'DrillAborted' });
  });

  test('is not isolated because nobody knows whether the API server was there: the try is repeated', async () => {
    const world = new DrillWorld();
    await world.live(2);
    world.now = at('11:00:01');
    // Nothing is heard of the API server for longer than the pod needs to find itself alone.
    await world.live(10, 30);
    expect(world.made.filter((name) => name === 'pods/stillpoint-isolation').length).toBeGreaterThan(2);
    expect(world.made.some((name) => name.startsWith('apprestores/'))).toBe(false);
    expect(world.policy.status?.drill?.isolated).toBeUndefined();
    await world.live(20);
    expect(world.noted).toMatchObject([{ reason: 'DrillPassed', isolated: true }]);
  });

  test('leaves a namespace alone that has its name and not its mark', async () => {
    const world = new DrillWorld();
    await afterDrill(world);
    const name = world.made.find((made) => made.startsWith('namespaces/'))!.slice('namespaces/'.length);
    const other = new DrillWorld();
    other.objects.set(`namespaces//${name}`, { metadata: { name, uid: 'foreign' } });
    await afterDrill(other);
    expect(other.noted).toMatchObject([{ reason: 'DrillAborted', message: expect.stringContaining('has not made') as unknown }]);
    expect(other.left).toEqual([`namespaces//${name}`]);
  });

  test.each(['apprestores', 'namespaces'] as const)('whose %s somebody deletes in the middle is given up, and leaves nothing', async (plural) => {
    const world = new DrillWorld();
    world.fate = 'hangs';
    await world.live(2);
    world.now = at('11:00:01');
    await world.live(10);
    world.userDeletes(plural);
    await world.live(20);
    expect(world.noted).toMatchObject([{ reason: 'DrillAborted' }]);
    expect(world.left).toEqual([]);
  });
});

test('wherever the operator dies, and whoever deletes what, a drill has one result and leaves nothing', async () => {
  const crashes = fc.array(fc.record({ after: fc.nat(10), done: fc.boolean(), rounds: fc.integer({ min: 1, max: 6 }) }), { maxLength: 6 });
  const fates = fc.constantFrom<Fate>('passes', 'fails', 'isUnknown', 'hangs');
  const deletions = fc.option(fc.record({ what: fc.constantFrom('apprestores' as const, 'namespaces' as const, 'volumepolicies' as const), after: fc.nat(20) }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(crashes, fates, deletions, fc.boolean(), async (deaths, fate, deletion, isolated) => {
      const world = new DrillWorld();
      Object.assign(world, { fate, isolated });
      await world.live(2);
      world.now = at('11:00:01');
      for (const [i, { rounds, ...crash }] of deaths.entries()) {
        world.crash = { ...crash };
        await world.live(rounds);
        if (i === 1 && deletion !== undefined) world.userDeletes(deletion.what);
      }
      world.crash = undefined;
      await world.live(deletion?.after ?? 0);
      if (deletion !== undefined) world.userDeletes(deletion.what);
      // Until its time is over, and what is left is gone; not until the next one.
      await world.live(60, 30);
      const { noted } = world;
      expect(noted.filter(({ due }) => due === '2026-11-29T11:00:00.000Z')).toHaveLength(deletion?.what === 'volumepolicies' && noted.length === 0 ? 0 : 1);
      expect(noted).toHaveLength(new Set(noted.map(({ due }) => due)).size);
      expect(world.left).toEqual([]);
    }),
    { numRuns: 40 },
  );
}, 60_000);
