import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../src/api/kinds.js';
import { operatorRuns } from './kill/cluster.js';
import { readyOf } from './lib/copies.js';
import { clearFaults } from './lib/csi-faults.js';
import { clearNamespaces } from './lib/namespaces.js';
import { until, untilInstant } from './lib/until.js';
import { recordWave } from './many/figures.js';
import { LeaderMemory, operatorLife, requestsSent, windowsAtOnce, type OperatorLife } from './many/operator.js';
import { mostAtOnce, mostOvertaken } from './many/order.js';
import { makePolicies, makeWriters, name, namespacesOf, nextTick } from './many/population.js';
import { turnsOf, Wave } from './many/wave.js';

const small = process.env['PART'] === 'small';
const count = Number(process.env['NAMESPACES'] || (small ? 20 : 200));
/** Room on a node of the test cluster, less what runs there beside the writers. */
const mostNamespaces = 240;
/** Of all copies, at most this share may need a second window, or be told to wait for something else than its turn. */
const disturbedShare = 0.05;

const prefix = 'e2e-many';
/** Deleting so many namespaces is the work of the namespace controller, ten at a time. */
const clearSeconds = 900;
/** What the slowest machine may take for all copies after their tick. */
const waveSeconds = 300 + 6 * count;
const setUpMillis = (2 * clearSeconds + 15 * count + waveSeconds) * 1000;

/** Many namespaces with one policy each, all due on one tick: every copy is made, none holds longer for the others, and those go first who were first. */
describe(`${count} namespaces on one tick`, () => {
  const namespaces = namespacesOf(prefix, count);
  let wave: Wave | undefined;
  let tick = 0;
  let atOnce = 0;
  const life: { before?: OperatorLife; after?: OperatorLife } = {};
  const copies = () => wave?.copies ?? [];
  const objects = () => copies().map(({ object }) => object);
  const disturbed = () => copies().filter(({ errors, object }) => errors.size > 0 || (object.status?.attempts ?? 0) > 1);
  const turns = () => turnsOf(copies().filter((copy) => !disturbed().includes(copy)));

  beforeAll(async () => {
    if (!Number.isInteger(count) || count < 1 || count > mostNamespaces) throw new Error(`NAMESPACES: ${String(process.env['NAMESPACES'])} is no whole number from 1 to ${mostNamespaces}`);
    clearFaults();
    await operatorRuns();
    await clearNamespaces(prefix, clearSeconds);
    const memory = await LeaderMemory.begin();
    atOnce = await windowsAtOnce();
    await makeWriters(namespaces);
    wave = new Wave(prefix);
    tick = nextTick(count);
    await makePolicies(namespaces, tick);
    await until('every policy knows when it is due', () => wave?.policies.filter(({ status }) => Date.parse(status?.nextCopy ?? '') === tick).length === count, (tick - Date.now()) / 1000, 200);
    // Not sooner: what the policies themselves cost is not of the wave.
    await untilInstant(tick - 2000);
    life.before = await operatorLife();
    const sent = await requestsSent(memory.pod);
    await untilInstant(tick);
    await wave.untilSettled(count, waveSeconds);
    life.after = await operatorLife();
    await recordWave({ wave, tick, memory, sent, atOnce, disturbed: disturbed() });
  }, setUpMillis);
  afterAll(async () => {
    wave?.stop();
    await clearNamespaces(prefix, clearSeconds);
  }, clearSeconds * 1000 + 60_000);

  test('every policy has made one copy, of its tick', () => {
    expect(copies().map(({ object }) => object.metadata.namespace).sort()).toEqual(namespaces);
    expect(copies().filter(({ due }) => due !== tick)).toEqual([]);
  });

  test('every copy is ready, with the grade that writers of kind Generic can have', () => {
    const good = { phase: 'Ready', grade: 'CrashConsistentSynced', membersReady: '1/1', reasons: [`${name} is of kind Generic: how it recovers what it acknowledged is not known.`] };
    const isGood = ({ status }: AppSnapshot): boolean => Object.entries(good).every(([field, value]) => JSON.stringify(status?.[field as keyof typeof good]) === JSON.stringify(value));
    expect(objects().filter((copy) => !isGood(copy)).map(({ metadata, status }) => ({ namespace: metadata.namespace, ...status }))).toEqual([]);
  });

  test('every hold was ended by its release, within its limit', () => {
    const holds = objects().flatMap(({ status }) => (status?.holds ?? []).map((hold) => ({ ...hold, window: status?.window })));
    expect(holds).toHaveLength(count);
    const isGood = ({ vantage, state, endedBy, window }: (typeof holds)[number]): boolean => vantage === 'Node' && state === 'Released' && endedBy === 'release' && window?.unbroken === true;
    expect(holds.filter((hold) => !isGood(hold))).toEqual([]);
    expect(holds.filter(({ heldMillis, window, maxHoldMillis }) => !(Math.max(heldMillis ?? NaN, window?.heldMillis ?? NaN) <= maxHoldMillis))).toEqual([]);
  });

  test('never were more windows open than the chart allows on one node and one driver', () => {
    const all = turnsOf(copies());
    expect(all).toHaveLength(count);
    expect(mostAtOnce(all)).toBeLessThanOrEqual(atOnce);
  });

  test('those went first whose copies were first', () => {
    // Without many that wait nothing is shown.
    expect(turns().filter(({ asked }) => asked !== undefined).length).toBeGreaterThanOrEqual(count / 2 - atOnce);
    // As many as it may be the turn of at a time.
    expect(mostOvertaken(turns())).toBeLessThanOrEqual(atOnce);
  });

  test('few copies needed a second window, or waited for something else than their turn', () => {
    const told = disturbed().map(({ key, errors, object }) => ({ key, errors: [...errors], attempts: object.status?.attempts }));
    expect(told.length > Math.ceil(count * disturbedShare) ? told : []).toEqual([]);
  });

  test('every policy knows its copy, and goes on', async () => {
    const copyOf = new Map(objects().map(({ metadata }) => [metadata.namespace, metadata.name]));
    const knows = () => wave?.policies.filter(({ metadata, status }) => status?.lastCopy?.name === copyOf.get(metadata.namespace) && readyOf(status)?.reason === 'Scheduled') ?? [];
    await until('every policy knows its copy', () => knows().length === count, 60, 500);
  }, 90_000);

  test('the operator was not started again, and nobody else has led', () => {
    expect(life.before).toBeDefined();
    expect(life.after).toEqual(life.before);
  });
});
