import { describe, expect, test } from '@jest/globals';
import { lookOnNode, type NodeLook } from '../../../src/hooks/hold/node-look.js';
import { notProvenUnmounted, unusedClaims, type UnusedClaim } from '../../../src/hooks/hold/unused-claims.js';
import type { Exec, ExecResult } from '../../../src/runtime/exec.js';
import { claim, container, holdersInput, pod } from './namespace.js';

const agent = { namespace: 'stillpoint-agent', pod: 'agent-n1', podUid: 'u', container: 'agent' };
const volumes: readonly UnusedClaim[] = ['data', 'wal'].map((name) => ({ claim: name, claimUid: `uid-${name}`, volumeName: `pv-${name}`, driver: 'csi.example.com', volumeHandle: `handle-${name}` }));

/** An agent that answers with these lines, and what it was asked. */
function agentSaying(lines: readonly string[], more: Partial<ExecResult> = {}) {
  const asked: { command: readonly string[]; stdin: unknown }[] = [];
  const exec = {
    run: ({ command }, options) => {
      asked.push({ command, stdin: JSON.parse(options?.stdin ?? '') as unknown });
      return Promise.resolve({ outcome: { kind: 'exited', code: 0 }, stdout: lines.map((line) => `STILL1 look-1 ${line}\n`).join(''), stderr: '', truncated: false, ...more });
    },
  } as Pick<Exec, 'run'> as Exec;
  return { asked, look: () => lookOnNode('n1', agent, 'look-1', volumes, exec) };
}

const free = ['volume ref=uid-data state=free', 'volume ref=uid-wal state=free'];

describe('a look at the volumes of a node', () => {
  test('names them as the kubelet does, on stdin, and nothing in the command', async () => {
    const { asked, look } = agentSaying([...free, 'looked volumes=2 views=7']);
    expect(await look()).toEqual({ node: 'n1', kind: 'known', mounted: new Map(), kept: new Map() });
    const ref = (name: string) => ({ ref: `uid-${name}`, volumeName: `pv-${name}`, driver: 'csi.example.com', volumeHandle: `handle-${name}` });
    expect(asked).toEqual([{ command: ['/stillpoint/holder', 'look-1', 'mounts'], stdin: { version: 1, volumes: [ref('data'), ref('wal')] } }]);
  });

  test('tells what is mounted, and what a kubelet has not put away', async () => {
    const { look } = agentSaying(['volume ref=uid-data state=mounted at=/k/mount device=/dev/loop1', 'volume ref=uid-wal state=kept at=/k/vol_data.json', 'looked volumes=2 views=7']);
    expect(await look()).toEqual({ node: 'n1', kind: 'known', mounted: new Map([['uid-data', '/k/mount']]), kept: new Map([['uid-wal', '/k/vol_data.json']]) });
  });

  test.each<[string, readonly string[], Partial<ExecResult>]>([
    ['nothing', [], {}],
    ['no last line', free, {}],
    ['one volume only', ['volume ref=uid-data state=free', 'looked volumes=2 views=7'], {}],
    ['another number of volumes', [...free, 'looked volumes=1 views=7'], {}],
    ['a state that this version does not know', ['volume ref=uid-data state=gone', ...free.slice(1), 'looked volumes=2 views=7'], {}],
    ['a part of it', [...free, 'looked volumes=2 views=7'], { truncated: true }],
    ['the lines of another id', [...free, 'looked volumes=2'], { stdout: 'STILL1 other volume ref=uid-data state=free\nSTILL1 other looked volumes=2\n' }],
    ['an old program', [], { outcome: { kind: 'exited', code: 2 }, stderr: 'usage: holder' }],
  ])('is worth nothing when the agent says %s', async (_, lines, more) => {
    expect(await agentSaying(lines, more).look()).toMatchObject({ kind: 'unknown', why: expect.stringContaining('gave no whole answer') as unknown });
  });

  test('is worth nothing when the agent says what keeps it from looking', async () => {
    expect(await agentSaying(['error code=KubeletNotSeen message=nobody fatal=true']).look()).toMatchObject({ kind: 'unknown', why: 'its agent says: nobody (KubeletNotSeen)' });
  });

  test('does not reject: without an agent, and when the exec is refused', async () => {
    const exec = { run: () => Promise.reject(new Error('denied')) } as unknown as Exec;
    expect(await lookOnNode('n1', undefined, 'look-1', volumes, exec)).toMatchObject({ kind: 'unknown', why: 'no agent is ready there' });
    expect(await lookOnNode('n1', agent, 'look-1', volumes, exec)).toMatchObject({ kind: 'unknown', why: 'its agent could not be asked: denied' });
  });
});

describe('a claim that no pod uses', () => {
  const known = (node: string, mounted: Readonly<Record<string, string>> = {}, kept: Readonly<Record<string, string>> = {}): NodeLook => ({ node, kind: 'known', mounted: new Map(Object.entries(mounted)), kept: new Map(Object.entries(kept)) });
  const unknown = (node: string): NodeLook => ({ node, kind: 'unknown', why: 'no agent is ready there' });
  const says = (...looks: readonly NodeLook[]): string | undefined => notProvenUnmounted(volumes, () => looks).get('data');

  test('is one of no pod, of pods that have ended, and never one of a pod that is still to begin', () => {
    const claims = ['idle', 'done', 'used', 'elsewhere'].map((name) => claim(name));
    const pods = [pod('used', undefined, [container('c', ['used'])]), pod('done', 'n1', [container('c', ['done'])], { phase: 'Succeeded' })];
    const { view } = holdersInput([...claims, claim('local', { driver: undefined })], pods);
    expect(unusedClaims(view, new Set(['idle', 'done', 'used', 'local'])).map((c) => c.claim)).toEqual(['idle', 'done']);
  });

  test('is proven to be unmounted when every node says so', () => {
    expect(notProvenUnmounted(volumes, () => [known('n1'), known('n2')]).size).toBe(0);
  });

  test('is not while one node has it, whatever the others do not know', () => {
    expect(says(unknown('n1'), known('n2', { 'uid-data': '/k/mount' }))).toBe('Claim data is still mounted on node n2 although no pod uses it: wait until its kubelet has unmounted /k/mount.');
    expect(says(known('n1'), known('n2', {}, { 'uid-data': '/k/pv-data' }))).toBe('Claim data is used by no pod, but the kubelet of node n2 is not done with it: wait until it has removed /k/pv-data.');
    expect(says(known('n1', { 'uid-wal': '/k/mount' }))).toBeUndefined();
  });

  test('is not while one node is silent; it is named with the way out', () => {
    const wayOut = 'Let the agent run on every node that has driver csi.example.com, delete Nodes that are gone for good, or leave the claim out with spec.selector.';
    expect(says(known('n1'), unknown('n2'))).toBe(`Whether claim data, which no pod uses, is still mounted on node n2 is not known: no agent is ready there. ${wayOut}`);
    expect(says(unknown('n1'), unknown('n2'))).toContain('is still mounted on nodes n1 and n2 is not known');
    expect(says(unknown('n1'), unknown('n2'), unknown('n3'))).toContain('is still mounted on node n1 and 2 others is not known');
    expect(says()).toBe(`Whether claim data, which no pod uses, is still mounted somewhere is not known: no node has an agent or says that it has the driver. ${wayOut}`);
  });
});
