import { randomUUID } from 'node:crypto';
import type { Detected } from '../../../src/hooks/adapter.js';
import { planHolders, type HoldersPlan } from '../../../src/hooks/hold/plan-holders.js';
import { runWindow } from '../../../src/hooks/hold/window.js';
import type { Cut, WindowResult } from '../../../src/hooks/hold/window-types.js';
import { agentOn, allCaches, attachedVolumes, createCaches, namespaceView, type Caches } from '../../../src/controllers/caches.js';
import { createLogger, silentLogger } from '../../../src/observability/logger.js';
import { sleep, systemClock, type Clock } from '../../../src/runtime/clock.js';
import { loadConfig } from '../../../src/runtime/config.js';
import type { Exec } from '../../../src/runtime/exec.js';
import { createExec } from '../../../src/runtime/exec-websocket.js';
import { createTransport } from '../../../src/runtime/transport.js';
import { agentNamespace, operatorNamespace } from '../install/operator.js';

/** The operator's account: nobody else may exec into an agent. */
const operator = { namespace: operatorNamespace, name: 'stillpoint' };

const server: Detected = { name: 'server', kind: 'Generic', pods: ['server'], container: { server: 'main' }, rank: 100, by: 'test', mode: 'Auto', credentialsSecret: undefined };

/** Runs windows as the operator does, through the agent on the cluster, for a server whose adapter asks for a gate. */
export class Windows {
  readonly #namespace: string;
  readonly #settleMillis: number;
  readonly #clock = systemClock();
  readonly #transport = createTransport(loadConfig({ clock: this.#clock }), { clock: this.#clock, userAgent: 'stillpoint-test/1' });
  readonly #caches: Caches = createCaches({ transport: this.#transport, clock: this.#clock, log: createLogger({ level: 'error' }), group: undefined, namespace: 'stillpoint-system' });
  readonly #stop = new AbortController();
  readonly #exec: Exec;

  constructor(namespace: string, settleMillis: number) {
    this.#namespace = namespace;
    this.#settleMillis = settleMillis;
    const direct = createExec({ transport: this.#transport, clock: this.#clock });
    this.#exec = { open: (target, options) => direct.open(target, { ...options, as: operator }), run: (target, options) => direct.run(target, { ...options, as: operator }) };
    for (const cache of allCaches(this.#caches)) cache.start(this.#stop.signal);
  }

  close(): void {
    this.#stop.abort();
    this.#transport.close();
  }

  async plan(): Promise<HoldersPlan> {
    await Promise.all(allCaches(this.#caches).map((cache) => cache.synced));
    const view = namespaceView(this.#caches, this.#namespace);
    const plan = planHolders({
      setId: randomUUID(),
      view,
      claims: new Set(view.claims.map((c) => c.metadata.name)),
      applications: [{ detected: server, preflight: { processName: '', softLimitMillis: 10_000, hardLimitMillis: 10_000, settleMillis: this.#settleMillis, gatePorts: [7000] } }],
      agentOn: (node) => this.#agentOn(node),
      attachedVolumes: attachedVolumes(this.#caches),
      stillMounted: new Map(),
      quiesce: { maxHold: '10s', heartbeatTimeout: '3s', attempts: 1, vantage: 'Node' },
      maxHoldMillis: 10_000,
    });
    const [blocker] = plan.blockers;
    if (blocker !== undefined) throw new Error(blocker.message);
    return plan;
  }

  /**
   * One window. `settling` is called when the gate is closed and the settle begins, and what came to this process before that was read;
   * the cut takes what `during` takes.
   */
  async run(plan: HoldersPlan, { settling = () => undefined, during }: { settling?: () => void; during: Cut['run'] }): Promise<WindowResult> {
    const settleMillis = this.#settleMillis;
    const clock: Clock = {
      ...this.#clock,
      after: (millis, callback) => {
        if (Math.floor(millis) === settleMillis + 1) setImmediate(settling);
        return this.#clock.after(millis, callback);
      },
    };
    return runWindow(
      { holders: plan.holders, cuts: [{ name: 'cut', atomic: true, claimUids: plan.claims.map((c) => c.uid), run: during }], limits: plan.limits },
      {
        exec: this.#exec,
        account: operator,
        podProgram: '',
        clock,
        logger: silentLogger(),
        signal: this.#stop.signal,
        mayAct: () => true,
        announce: () => Promise.resolve(),
      },
    );
  }

  pause(millis: number, signal: AbortSignal): Promise<void> {
    return sleep(this.#clock, millis, signal);
  }

  #agentOn(node: string): { namespace: string; pod: string; podUid: string; container: string } | undefined {
    const pod = agentOn(this.#caches, node, agentNamespace);
    return pod === undefined ? undefined : { namespace: agentNamespace, pod: pod.metadata.name, podUid: pod.metadata.uid ?? '', container: pod.containers[0]?.name ?? '' };
  }
}
