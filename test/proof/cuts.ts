import type { AppRestore, AppSnapshot } from '../../src/api/kinds.js';
import { keepApart } from '../e2e/lib/apart.js';
import { windowOf } from '../e2e/lib/compare.js';
import { deleteAndWait, describe as describeObject, restoreCopy, takeCopy } from '../e2e/lib/copies.js';
import { dropNamespace } from '../e2e/lib/namespaces.js';
import { makeTenant } from '../e2e/lib/tenant.js';
import { watchUntil } from '../e2e/lib/watch.js';
import { monotonicMs } from '../apps/postgresql/history.js';
import type { ProofApplication } from './applications.js';
import { checkProof, type ProofResult } from './check.js';
import { longestGap, type Sent, type StillWindow } from './history.js';
import { firstLaneAt, lanesOver, type Lane } from './lanes.js';
import { startTokens } from './tokens.js';

/** Seconds for the databases of a copy to start on two cores and to be checked. */
const restoreSeconds = 600;

/** Phases of a restore whose databases are let run, or of one that has ended before. */
const startedPhases: readonly string[] = ['Starting', 'Verifying', 'Ready', 'Failed'];

/** What is cut, and when. */
export interface CutPlan {
  readonly namespace: string;
  /** Of the copy, and with the namespace of the one it is restored to. */
  readonly name: string;
  readonly apps: readonly ProofApplication[];
  /** Rounds of the ring that are acknowledged before the copy is asked for. */
  readonly rounds: number;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A copy that is there, with what clients were promised until after its window. */
export interface CutToCheck {
  readonly plan: Pick<CutPlan, 'namespace' | 'name' | 'apps'>;
  readonly lanes: readonly Lane[];
  readonly history: readonly Sent[];
  /** Of a copy that was held; else from before it was asked for until it was there. */
  readonly window: StillWindow;
}

/** A cut that was made under load. */
export interface CutMade extends CutToCheck {
  readonly plan: CutPlan;
  readonly copy: AppSnapshot;
  readonly longestGapMs: number;
  readonly clientErrors: number;
}

/** Lanes for a writer that is started next: the ring over the applications as they run in a namespace, and `load` lanes for each of their members. */
export async function lanesOf(apps: readonly ProofApplication[], namespace: string, load = 1): Promise<Lane[]> {
  const named = await Promise.all(apps.map(async ({ name, open }) => {
    const store = await open(namespace);
    await store.close();
    return { name, members: store.members };
  }));
  return lanesOver(named, load, firstLaneAt(monotonicMs()));
}

/** Writes tokens, takes a copy in the middle, and writes on, so that a copy could hold too many. */
export async function cutUnderLoad(plan: CutPlan): Promise<CutMade> {
  const lanes = await lanesOf(plan.apps, plan.namespace);
  const ring = lanes[0]?.slots.length ?? 0;
  const tokens = await startTokens(plan.namespace, plan.apps.map((app) => app.name).join(','), lanes);
  try {
    await tokens.untilRing(ring * plan.rounds, 300);
    const asked = monotonicMs();
    const copy = await takeCopy(plan.namespace, plan.name, plan.spec, 180);
    const seen = monotonicMs();
    await tokens.untilRing(ring * 2, 120);
    const history = await tokens.stop();
    if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', plan.namespace, plan.name));
    const window = copy.status.window?.heldFrom === undefined ? { heldAt: asked, releasedAt: seen } : windowOf(copy);
    const errors = history.filter((sent) => sent.error !== undefined).length;
    return { plan, lanes, history, copy, window, longestGapMs: Math.round(longestGap(history, window.heldAt)), clientErrors: errors };
  } catch (error) {
    await tokens.stop().catch(() => undefined); // the first error says more
    throw error;
  }
}

/** What became of the restore of a copy: the result of the checker when the databases came up. */
export interface Restored {
  readonly restore: AppRestore;
  readonly result: ProofResult | undefined;
  /** Packets that the clone sent to the original since its servers could start, all of them dropped. Before that, an adapter tries on purpose whether they could. */
  readonly contacts: number;
  /** The same to members of those applications of which it must be expected. */
  readonly tries: number;
}

/** Restores a copy into a namespace of its own beside the running original, reads every token, and removes it again. */
export async function restoreAndCheck(cut: CutToCheck, spec: Readonly<Record<string, unknown>> = {}): Promise<Restored> {
  const { namespace, name, apps } = cut.plan;
  const target = `${namespace}-${name}`;
  await makeTenant(target);
  try {
    const apart = await keepApart(namespace);
    const dropped = (): Contacts => contactsOf(apps, apart.dropped());
    const started = watchUntil<AppRestore>('apprestores', name, namespace, 'starts', ({ status }) => startedPhases.includes(status?.phase ?? ''), restoreSeconds).then(dropped);
    started.catch(() => undefined); // the restore says more
    const restore = await restoreCopy(namespace, name, name, { into: { namespace: target, serviceAccountName: 'stillpoint' }, ...spec }, restoreSeconds);
    const result = restore.status?.phase === 'Ready' ? checkProof(cut.lanes, cut.history, cut.window, await tokensOf(apps, target)) : undefined;
    const [before, after] = [await started, dropped()];
    return { restore, result, contacts: after.contacts - before.contacts, tries: after.tries - before.tries };
  } finally {
    await deleteAndWait('apprestore', namespace, name);
    await dropNamespace(target);
  }
}

type Contacts = Pick<Restored, 'contacts' | 'tries'>;

function contactsOf(apps: readonly ProofApplication[], dropped: Readonly<Record<string, number>>): Contacts {
  const trying = apps.filter((app) => app.triesOriginals === true);
  const expected = (pod: string): boolean => trying.some((app) => pod.startsWith(`${app.name}-`));
  const sum = (of: (pod: string) => boolean): number => Object.entries(dropped).filter(([pod]) => of(pod)).reduce((total, [, packets]) => total + packets, 0);
  return { contacts: sum((pod) => !expected(pod)), tries: sum(expected) };
}

/** Every token that the applications of a namespace hold, by application. */
export async function tokensOf(apps: readonly ProofApplication[], namespace: string): Promise<Map<string, readonly number[]>> {
  const found = new Map<string, readonly number[]>();
  for (const app of apps) {
    const store = await app.open(namespace);
    try {
      found.set(app.name, await store.tokens());
    } finally {
      await store.close();
    }
  }
  return found;
}
