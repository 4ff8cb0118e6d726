import type { Detected } from '../../../src/hooks/adapter.js';
import type { HoldersInput } from '../../../src/hooks/hold/plan-types.js';
import type { ClaimView, ContainerView, PodView } from '../../../src/hooks/view.js';

/** Objects of a namespace for tests, with the defaults of a healthy one. */

export function claim(name: string, more: Partial<ClaimView> = {}): ClaimView {
  return {
    metadata: { name, namespace: 'shop', uid: `uid-${name}` },
    phase: 'Bound',
    volumeName: `pv-${name}`,
    volumeMode: 'Filesystem',
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'fast',
    requested: '1Gi',
    capacity: '1Gi',
    driver: 'csi.example.com',
    volumeHandle: name,
    ...more,
  };
}

export function container(name: string, claims: readonly string[], more: Partial<ContainerView> = {}): ContainerView {
  return {
    name,
    image: 'x',
    containerId: `${name}-id`,
    running: true,
    ready: true,
    ended: false,
    starting: false,
    sidecar: false,
    ports: [],
    mounts: claims.map((c) => ({ volume: c, mountPath: `/mnt/${c}`, subPath: undefined, readOnly: false })),
    devices: [],
    livenessBudgetMillis: undefined,
    readinessBudgetMillis: undefined,
    ...more,
  };
}

export function pod(name: string, nodeName: string | undefined, containers: readonly ContainerView[], more: Partial<PodView> = {}): PodView {
  const volumes = containers.flatMap((c) => [...c.mounts, ...c.devices].map((m) => m.volume));
  return {
    metadata: { name, namespace: 'shop', uid: `uid-${name}` },
    phase: nodeName === undefined ? 'Pending' : 'Running',
    nodeName,
    podIP: undefined,
    hostNetwork: false,
    shareProcessNamespace: false,
    owners: [],
    containers: containers.map((c) => ({ ...c, containerId: c.containerId === undefined ? undefined : `${name}-${c.containerId}` })),
    claims: Object.fromEntries(volumes.map((v) => [v, v])),
    emptyDirs: [],
    ...more,
  };
}

export function application(name: string, pods: readonly string[], more: Partial<Detected> = {}, preflight: Partial<HoldersInput['applications'][number]['preflight']> = {}): HoldersInput['applications'][number] {
  return {
    detected: { name, kind: 'PostgreSQL', pods, container: Object.fromEntries(pods.map((p) => [p, 'server'])), rank: 100, by: 'test', mode: 'Auto', credentialsSecret: undefined, ...more },
    preflight: { processName: 'postgres', settleMillis: 0, gatePorts: [], softLimitMillis: 10_000, hardLimitMillis: 10_000, ...preflight },
  };
}

/** Input with an agent on every node whose name does not begin with `bare`. */
export function holdersInput(claims: readonly ClaimView[], pods: readonly PodView[], more: Partial<HoldersInput> = {}): HoldersInput {
  return {
    setId: 'set-1',
    view: { namespace: 'shop', claims, pods },
    claims: new Set(claims.map((c) => c.metadata.name)),
    applications: [],
    agentOn: (node) => (node.startsWith('bare') ? undefined : { namespace: 'stillpoint-agent', pod: `agent-${node}`, podUid: `uid-agent-${node}`, container: 'agent' }),
    attachedVolumes: new Set(),
    stillMounted: new Map(),
    quiesce: { maxHold: '10s', heartbeatTimeout: '3s', attempts: 2, vantage: 'Auto' },
    maxHoldMillis: 10_000,
    ...more,
  };
}
