import { describe, expect, test } from '@jest/globals';
import { lookoutFor, stillMounted } from '../../../src/controllers/appsnapshot/still-mounted.js';
import type { OperatorDeps } from '../../../src/controllers/deps.js';
import { ApiError } from '../../../src/runtime/api-error.js';
import type { ExecTarget } from '../../../src/runtime/exec.js';
import { claim, container, holdersInput, pod } from '../hold/namespace.js';

interface Cluster {
  /** `attachRequired` by driver; a driver that is not here has no CSIDriver. */
  readonly attachRequired?: Readonly<Record<string, boolean | undefined>>;
  /** Drivers that a node says it has. */
  readonly nodes?: Readonly<Record<string, readonly string[]>>;
  /** Nodes with an agent, and whether it is ready. */
  readonly agents?: Readonly<Record<string, boolean>>;
  /** Uids of claims that a node has mounted. */
  readonly mounted?: Readonly<Record<string, readonly string[]>>;
}

const agentNamespace = 'stillpoint-agent';
const attachless = { 'csi.example.com': false };

/** A cluster whose agents answer, and what was asked. */
function world({ attachRequired = attachless, nodes = {}, agents = {}, mounted = {} }: Cluster) {
  const requests: string[] = [];
  const asked: string[] = [];
  const pods = Object.entries(agents).map(([node, ready]) => pod(`agent-${node}`, node, [container('agent', [], { ready })], { metadata: { name: `agent-${node}`, namespace: agentNamespace, uid: `uid-agent-${node}` } }));
  const deps = {
    agentNamespace,
    client: {
      get: (_: unknown, { name }: { name: string }) => {
        requests.push(`get ${name}`);
        if (!Object.hasOwn(attachRequired, name)) return Promise.reject(new ApiError({ code: 404, reason: 'NotFound', message: 'none' }));
        return Promise.resolve({ metadata: { name }, spec: { attachRequired: attachRequired[name] } });
      },
      list: () => {
        requests.push('list');
        return Promise.resolve({ items: Object.entries(nodes).map(([name, drivers]) => ({ metadata: { name }, spec: { drivers: drivers.map((driver) => ({ name: driver })) } })) });
      },
    },
    caches: { pods: { list: () => pods, by: (_: string, node: string) => pods.filter((p) => p.nodeName === node) } },
    exec: {
      run: ({ pod: name, command }: ExecTarget, { stdin }: { stdin: string }) => {
        const node = name.slice('agent-'.length);
        const { volumes } = JSON.parse(stdin) as { volumes: { ref: string }[] };
        asked.push(`${node}: ${volumes.map((v) => v.ref).join(' ')}`);
        const lines = volumes.map(({ ref }) => (mounted[node]?.includes(ref) === true ? `volume ref=${ref} state=mounted at=/k` : `volume ref=${ref} state=free`));
        return Promise.resolve({ outcome: { kind: 'exited', code: 0 }, stdout: [...lines, `looked volumes=${volumes.length}`].map((line) => `STILL1 ${command[1] ?? ''} ${line}\n`).join(''), stderr: '', truncated: false });
      },
    },
  } as unknown as OperatorDeps;
  return { deps, requests, asked };
}

async function look(cluster: Cluster, claims = [claim('data')], pods: Parameters<typeof holdersInput>[1] = []) {
  const { deps, requests, asked } = world(cluster);
  const { view } = holdersInput(claims, pods);
  const lookout = await lookoutFor(view, new Set(claims.map((c) => c.metadata.name)), deps);
  return { found: await stillMounted(lookout, 'set-1', deps), requests, asked };
}

describe('claims that no pod uses', () => {
  test('nothing is asked where pods use all of them', async () => {
    expect(await look({}, [claim('data')], [pod('db', 'n1', [container('c', ['data'])])])).toMatchObject({ requests: [], asked: [] });
  });

  test.each([['says so', { 'csi.example.com': true }], ['has no CSIDriver', {}], ['says nothing', { 'csi.example.com': undefined }]])('VolumeAttachments tell of a driver that %s', async (_, attachRequired) => {
    const { found, asked } = await look({ attachRequired, nodes: { n1: ['csi.example.com'] }, agents: { n1: true }, mounted: { n1: ['uid-data'] } });
    expect([found.size, asked]).toEqual([0, []]);
  });

  test('of another driver every node that has it is asked, and every other with an agent', async () => {
    const { found, asked } = await look({ nodes: { n1: ['csi.example.com'], n2: [], n3: ['other'] }, agents: { n1: true, n2: true } });
    expect([found.size, asked]).toEqual([0, ['n1: uid-data', 'n2: uid-data']]);
  });

  test('what one node has is not unmounted', async () => {
    const { found } = await look({ nodes: { n1: ['csi.example.com'], n2: ['csi.example.com'] }, agents: { n1: true, n2: true }, mounted: { n2: ['uid-data'] } }, [claim('data'), claim('idle')]);
    expect([...found]).toEqual([['data', expect.stringContaining('Claim data is still mounted on node n2')]]);
  });

  test.each<[string, Readonly<Record<string, boolean>>]>([['has no agent', { n1: true }], ['has one that is not ready', { n1: true, n2: false }]])('nothing is known while a node with the driver %s', async (_, agents) => {
    const { found } = await look({ nodes: { n1: ['csi.example.com'], n2: ['csi.example.com'] }, agents });
    expect(found.get('data')).toContain('is still mounted on node n2 is not known: no agent is ready there.');
  });

  test('nothing is known where there is no agent at all', async () => {
    expect((await look({ nodes: { n1: ['other'] } })).found.get('data')).toContain('is still mounted somewhere is not known');
  });

  test('each node is asked only for what it could have', async () => {
    const claims = [claim('data'), claim('files', { driver: 'nfs.example.com' }), claim('attached', { driver: 'ebs.example.com' })];
    const { asked, found } = await look({ attachRequired: { ...attachless, 'nfs.example.com': false, 'ebs.example.com': true }, nodes: { n1: ['csi.example.com', 'ebs.example.com'], n2: ['nfs.example.com'] }, agents: { n1: true } }, claims);
    expect(asked).toEqual(['n1: uid-data uid-files']);
    expect([...found.keys()]).toEqual(['files']);
  });
});
