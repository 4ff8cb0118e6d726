import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { settledMillis } from '../../src/hooks/hold/gates.js';
import { Client } from './gate/client.js';
import { Windows } from './gate/windows.js';
import { recordFigures } from './lib/figures.js';
import { Freezers, processOne } from './lib/host.js';
import { apply, kubectl, waitFor } from './lib/kubectl.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { until } from './lib/until.js';
import { claim, container, mount, pod } from './shapes/objects.js';
import { containerIdOf, podsOf } from './shapes/pods.js';

const settleMillis = 400;
const cutMillis = 300;
/** Limit of the plan, and what a guard may need beyond it. */
const maxMillis = 10_000;
const graceMillis = 1000;
const table = 'stillpoint_gate_';

/** A line of the server's log. */
interface Served {
  readonly line: string;
  readonly came: number;
  readonly answered: number;
}

/** Client ports that are closed through the real agent, against a server that answers what is on its disk. */
describe('gate', () => {
  const namespace = 'e2e-gate';
  let windows: Windows;
  let containerId = '';
  let address = '';
  let clients: Client[] = [];

  beforeAll(async () => {
    await clearNamespaces(namespace);
    await apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }]);
    await apply(
      [claim('server', 'gate'), pod('server', ['server'], [container('main', ['serve', '--port=7000', '--delay=30ms', '/data/log'], { volumeMounts: [mount('server')] })])],
      namespace,
    );
    await waitFor('condition=Ready', 'pod/server', namespace, 90);
    address = await kubectl(['-n', namespace, 'get', 'pod', 'server', '-o', 'jsonpath={.status.podIP}']);
    windows = new Windows(namespace, settleMillis);
  }, 240_000);
  beforeEach(async () => {
    containerId = containerIdOf(await podsOf(namespace), 'server/main');
    clients = await Promise.all(['a', 'b', 'c'].map(served));
    await until('every client is answered often', () => clients.every((c) => c.answers.length > 5), 20);
  }, 60_000);
  afterAll(async () => {
    for (const client of clients) client.close();
    windows?.close();
    await dropNamespace(namespace);
    await untilDropped();
  }, 240_000);

  /** Rules in the pod's network namespace, as its node sees them. */
  const rules = (pid = processOne(containerId)): string => execFileSync('nsenter', [`--net=/proc/${pid}/ns/net`, 'nft', 'list', 'ruleset'], { encoding: 'utf8' });
  /** A client that was answered. The container runs before the server listens, so that the first ones may be refused. */
  const served = (name: string): Promise<Client> =>
    until(`client ${name} is answered`, async () => {
      const client = new Client(address, name);
      await until('there is an answer, or none to come', () => client.answers.length > 0 || client.errors.length > 0, 20);
      if (client.answers.length > 0) return client;
      client.close();
      return undefined;
    }, 40, 200);
  const answeredAgain = async (seconds: number): Promise<void> => {
    const from = performance.now();
    await until('every client is answered again', () => clients.every((c) => c.between(from, Infinity) > 0), seconds, 5);
  };

  async function serverLog(): Promise<Served[]> {
    const log = await kubectl(['-n', namespace, 'logs', 'server']);
    return log.split('\n').filter((text) => text !== '').map((text) => {
      const [line = '', came, answered] = text.split(' ');
      return { line, came: Number(came), answered: Number(answered) };
    });
  }

  test('nothing passes while it is closed, in neither direction, and clients see latency only', async () => {
    const freezers = new Freezers(containerId);
    const plan = await windows.plan();
    expect(plan.holders).toMatchObject([{ vantage: 'Node', gates: [{ pod: 'server', container: 'main', ports: [7000], settleMillis }] }]);
    let closedAt = NaN;
    let newcomer: Client | undefined;
    let inSettle = { frozen: true, rules: '' };
    let cut = { frozen: false, rules: '', steady: NaN, wall: NaN };
    const result = await windows.run(plan, {
      settling: () => {
        closedAt = performance.now();
        inSettle = { frozen: freezers.frozen(), rules: rules() };
        for (const client of clients) client.say('late');
        newcomer = new Client(address, 'newcomer');
      },
      during: async (signal) => {
        await windows.pause(cutMillis, signal);
        cut = { frozen: freezers.frozen(), rules: rules(), steady: performance.now(), wall: Date.now() };
      },
    });
    expect(result.error).toBeUndefined();
    expect(result).toMatchObject({ overlapped: true, allReleased: true });
    clients.push(newcomer!);
    expect(newcomer!.between(0, cut.steady)).toBe(0);
    await answeredAgain(10);

    expect(inSettle.frozen).toBe(false);
    expect(cut.frozen).toBe(true);
    for (const direction of ['dport', 'sport']) {
      expect(inSettle.rules).toContain(`tcp ${direction} 7000 counter`);
      // Something was dropped: questions on their way in, answers on their way out.
      expect(cut.rules).toMatch(new RegExp(`tcp ${direction} 7000 counter packets [1-9]`));
    }
    expect(rules()).not.toContain(table);
    // Clients heard nothing, and what they said then the server, which ran on for the whole settle, heard only after the release.
    expect(clients.map((c) => c.between(closedAt, cut.steady))).toEqual(clients.map(() => 0));
    const late = await until('everything that was said is served', async () => {
      const lines = (await serverLog()).filter((s) => /^(newcomer-1|.-late)$/.test(s.line));
      return lines.length === clients.length && lines;
    }, 20);
    expect(late.filter((s) => s.came < cut.wall)).toEqual([]);
    expect(clients.map((c) => c.errors)).toEqual(clients.map(() => []));
    const settled = settledMillis({ pods: ['server'], container: { server: 'main' } }, plan.holders, result.holds);
    expect(settled).toBeGreaterThanOrEqual(settleMillis);
    const { gateSent, allGated, freezeSent, allFrozen, releaseSent, allReleased } = result.trace;
    recordFigures('gate', {
      window: {
        settledMillis: settled,
        gateMillis: allGated! - gateSent!,
        freezeMillis: allFrozen! - freezeSent!,
        releaseMillis: allReleased! - releaseSent!,
        thawMillis: result.holds[0]?.thawMillis,
        heldMillis: allReleased! - gateSent!,
        longestGapMs: clients.slice(0, 3).map((c) => Math.round(c.longestGapMs())),
        answersAfterReleaseMs: clients.map((c) => Math.round(Math.min(...c.answers.filter((at) => at > cut.steady)) - cut.steady)),
      },
    });
    for (const client of clients) client.close();
  }, 90_000);

  test.each(['settling', 'frozen'] as const)('an agent pod that is force-deleted while %s leaves no port closed', async (when) => {
    const plan = await windows.plan();
    const agent = plan.holders[0]?.exec.pod ?? '';
    let openAfter: Promise<number> | undefined;
    let inSettle = '';
    const remove = async (): Promise<void> => {
      const deleted = performance.now();
      openAfter = until('the gate is open', () => !rules().includes(table), (maxMillis + graceMillis) / 1000, 5).then(() => performance.now() - deleted);
      await kubectl(['-n', 'stillpoint-agent', 'delete', 'pod', agent, '--force', '--grace-period=0']);
    };
    let removal = Promise.resolve();
    const result = await windows.run(plan, {
      settling: () => {
        inSettle = rules();
        if (when === 'settling') removal = remove();
      },
      during: async (signal) => {
        if (when === 'frozen') await remove();
        await windows.pause(maxMillis, signal);
      },
    });
    await removal;
    expect(inSettle).toContain(table);
    expect(result).toMatchObject({ overlapped: false });
    expect(result.error?.code).toMatch(/^(HoldBroken|HoldRefused)$/);
    const openAfterMs = await openAfter!;
    await answeredAgain(10);
    expect(clients.map((c) => c.errors)).toEqual(clients.map(() => []));
    recordFigures('gate', { [`agent deleted, ${when}`]: { openAfterMs: Math.round(openAfterMs), longestGapMs: clients.map((c) => Math.round(c.longestGapMs())) } });
    for (const client of clients) client.close();
    await kubectl(['-n', 'stillpoint-agent', 'rollout', 'status', 'daemonset/stillpoint-agent', '--timeout=90s']);
  }, 180_000);

  test('a container that is restarted behind the gate is reached again in time', async () => {
    const plan = await windows.plan();
    const killed = performance.now();
    const result = await windows.run(plan, {
      settling: () => process.kill(processOne(containerId), 'SIGKILL'),
      during: (signal) => windows.pause(maxMillis, signal),
    });
    expect(result).toMatchObject({ overlapped: false, allReleased: true });
    for (const client of clients) client.close();
    const next = await until('the container runs again', async () => {
      const id = containerIdOf(await podsOf(namespace), 'server/main');
      return id !== containerId && id;
    }, 60);
    containerId = next;
    await until('the gate is open', () => !rules().includes(table), 5);
    (await served('late')).close();
    recordFigures('gate', { restarted: { releasedAfterMs: Math.round((result.trace.allReleased ?? NaN) - (result.trace.gateSent ?? NaN)), answeredAfterMs: Math.round(performance.now() - killed) } });
  }, 120_000);
});
