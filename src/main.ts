import { randomBytes } from 'node:crypto';
import { createCaches, allCaches } from './controllers/caches.js';
import { reconcileAppRestore } from './controllers/apprestore/controller.js';
import { contentSweepKey, sweepContents } from './controllers/appsnapshot/content-sweep.js';
import { reconcileAppSnapshot } from './controllers/appsnapshot/controller.js';
import { reconcileBackupTarget } from './controllers/backuptarget/controller.js';
import type { OperatorDeps } from './controllers/deps.js';
import { createOperatorMetrics } from './controllers/metrics.js';
import { reconcileRetained } from './controllers/retained/controller.js';
import { sweepKey as partsKey } from './controllers/retained/sweep.js';
import { reconcileStorageCluster } from './controllers/storagecluster/controller.js';
import { reconcileVolumePolicy } from './controllers/volumepolicy/controller.js';
import { drillMemory } from './controllers/volumepolicy/drill/memory.js';
import { sweepDrills, sweepKey } from './controllers/volumepolicy/drill/sweep.js';
import { classesKey, sweepClasses } from './controllers/volumepolicy/volumes/sweep.js';
import { UsageMemory } from './controllers/volumepolicy/volumes/usage.js';
import { connect, forgetDeleted } from './controllers/wake-up.js';
import { createWindowLine } from './controllers/window-line.js';
import { createAdapters } from './hooks/adapters.js';
import podProgram from './hooks/hold/holder.sh';
import { createLogger, type LogLevel } from './observability/logger.js';
import { createMetrics } from './observability/metrics.js';
import { addProcessMetrics } from './observability/process-metrics.js';
import { systemClock } from './runtime/clock.js';
import { loadConfig } from './runtime/config.js';
import { createController } from './runtime/controller.js';
import { createEventRecorder } from './runtime/events.js';
import { createExec } from './runtime/exec-websocket.js';
import { createEndpoints } from './runtime/http-endpoints.js';
import { createLeaderElector, type LeaderElector } from './runtime/leader-elector.js';
import { createManager } from './runtime/manager.js';
import { Patience } from './runtime/patience.js';
import { createClient } from './runtime/resource-client.js';
import { createRuntimeMetrics } from './runtime/runtime-metrics.js';
import { processSignal } from './runtime/signals.js';
import { createTransport } from './runtime/transport.js';
import { readSettings } from './settings.js';
import { discoverGroupTypes } from './snapshots/capability.js';
import { KnownGroups } from './snapshots/lost-contents.js';

// Wiring only: settings, clients, caches, controllers, and the order in which they start and stop.

const settings = readSettings(process.env);
const log = createLogger({ level: settings.logLevel satisfies LogLevel, fields: { instance: settings.podName } });
const clock = systemClock();
const registry = createMetrics();
addProcessMetrics(registry, process);
const runtimeMetrics = createRuntimeMetrics(registry);
const config = loadConfig({ clock });
const transportOptions = { clock, userAgent: 'stillpoint/0.1.0', observe: (request: Parameters<typeof runtimeMetrics.onRequest>[0]) => runtimeMetrics.onRequest(request) };
const transport = createTransport(config, transportOptions);
const client = createClient(transport, { fieldManager: 'stillpoint' });
const signal = processSignal({ process, exit: (code) => process.exit(code), log });

const group = await discoverGroupTypes(client);
const caches = createCaches({ transport, clock, log, group, namespace: settings.podNamespace });
const events = createEventRecorder({ client, controller: 'stillpoint.dev/operator', instance: settings.podName, clock, log });

const leaseName = 'stillpoint-leader';
let elector: LeaderElector | undefined;
const deps: OperatorDeps = {
  client,
  exec: createExec({ transport, clock }),
  caches,
  group,
  knownGroups: new KnownGroups(caches.groupSnapshotContents, clock),
  adapters: createAdapters(),
  events,
  elector: { mayAct: (millis) => elector?.mayAct(millis) === true },
  clock,
  patience: new Patience(clock),
  log,
  metrics: createOperatorMetrics(registry),
  agentNamespace: settings.agentNamespace,
  maxHoldMillis: settings.maxHoldMillis,
  mover: settings.mover,
  drills: settings.drills,
  retained: settings.retained,
  podProgram,
};

const controllerOptions = { clock, log, metrics: runtimeMetrics };
const line = createWindowLine({ limits: settings.windows, clock, wake: (key) => appSnapshots.enqueue(key) });
registry.beforeRender(() => deps.metrics.windows(line.count()));
// A window takes a worker while it is open, and what else there is to do must not wait for it.
const appSnapshots = createController({ ...controllerOptions, name: 'appsnapshot', concurrency: settings.windows.global + 8, reconcile: reconcileAppSnapshot(deps, line) });
const appRestores = createController({ ...controllerOptions, name: 'apprestore', concurrency: 8, timeoutMillis: 30 * 60_000, reconcile: reconcileAppRestore(deps) });
const volumePolicies = createController({ ...controllerOptions, name: 'volumepolicy', concurrency: 8, reconcile: reconcileVolumePolicy(deps, drillMemory(settings.drills.atOnce, clock), new UsageMemory(clock)) });
const backupTargets = createController({ ...controllerOptions, name: 'backuptarget', concurrency: 8, reconcile: reconcileBackupTarget(deps) });
const storageClusters = createController({ ...controllerOptions, name: 'storagecluster', reconcile: reconcileStorageCluster(deps) });
const classSweep = createController({ ...controllerOptions, name: 'classsweep', reconcile: sweepClasses(deps) });
classSweep.enqueue(classesKey);
// What drills left behind; without the right to make namespaces there is none to look for them.
const drillSweep = createController({ ...controllerOptions, name: 'drillsweep', reconcile: sweepDrills(deps) });
if (settings.drills.enabled) drillSweep.enqueue(sweepKey);
const contentSweep = createController({ ...controllerOptions, name: 'contentsweep', reconcile: sweepContents(deps) });
contentSweep.enqueue(contentSweepKey);
const retained = createController({ ...controllerOptions, name: 'retained', reconcile: reconcileRetained(deps) });
retained.enqueue(partsKey);
connect(caches, { appSnapshots, appRestores, volumePolicies, backupTargets, storageClusters, retained });
caches.volumePolicies.subscribe(({ type }) => {
  if (type === 'deleted' && settings.drills.enabled) drillSweep.enqueue(sweepKey);
});
forgetDeleted(caches, line, deps.metrics);

const manager = createManager({
  log,
  clock,
  services: [
    service('probes', settings.probePort),
    service('metrics', settings.metricsPort),
  ],
  caches: allCaches(caches),
  always: [],
  leading: [appSnapshots, appRestores, volumePolicies, backupTargets, storageClusters, classSweep, drillSweep, contentSweep, retained],
  elector: ({ onElected, onLost }) => {
    const leads = (value: 0 | 1): void => runtimeMetrics.leader.set(value, { name: leaseName });
    leads(0);
    elector = createLeaderElector({
      // On a transport of its own: nothing queues in front of a renewal.
      client: createClient(createTransport(config, transportOptions), { fieldManager: 'stillpoint' }),
      namespace: settings.podNamespace,
      name: leaseName,
      identity: `${settings.podName}_${randomBytes(4).toString('hex')}`,
      clock,
      random: Math.random,
      log,
      ...settings.leaderElection,
      onElected: () => {
        leads(1);
        line.begin();
        onElected();
      },
      onLost: () => {
        leads(0);
        onLost();
      },
    });
    return elector;
  },
  exit: (code) => process.exit(code),
});

function service(name: string, port: number) {
  const endpoints = createEndpoints({ port, metrics: registry, healthy: () => undefined, ready: () => manager.notReady() });
  return { name, start: () => endpoints.start(), stop: () => endpoints.stop() };
}

log.info('starting', { groupSnapshots: group?.version ?? 'not served', agentNamespace: settings.agentNamespace, maxHoldMillis: settings.maxHoldMillis, windows: settings.windows });
process.exitCode = await manager.run(signal);
await events.flush();
await events.stop();
transport.close();
// What still holds the process open (idle connections, a stuck stream) does not keep the pod.
process.exit();
