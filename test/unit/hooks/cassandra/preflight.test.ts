import { describe, expect, test } from '@jest/globals';
import type { AdapterContext, Detected } from '../../../../src/hooks/adapter.js';
import { preflight } from '../../../../src/hooks/cassandra/preflight.js';
import { configurationProgram, nodetoolProgram, pathsProgram } from '../../../../src/hooks/cassandra/programs.js';
import type { Exec, ExecResult, ExecTarget } from '../../../../src/runtime/exec.js';
import { allClaims, container, namespace, pod } from '../namespaces.js';
import { describeCluster, describeClusterDown, hostIds, status, statusDown } from './output.js';

const node = (n: number) => ({
  ...pod(`db-${n}`, { containers: [container('cassandra', 'cassandra:5.0.9', { mounts: [{ volume: 'data', mountPath: '/var/lib/cassandra', subPath: undefined, readOnly: false }] })] }),
  podIP: `127.0.0.1${n + 1}`,
});
const pods = [node(0), node(1)];
const names = pods.map((p) => p.metadata.name);
const app: Detected = { name: 'db', kind: 'Cassandra', pods: names, container: Object.fromEntries(names.map((name) => [name, 'cassandra'])), rank: 60, by: 'image cassandra', mode: 'Auto', credentialsSecret: undefined };
const configuration = ['option cassandra.storagedir=/var/lib/cassandra', 'file /etc/cassandra/cassandra.yaml', '|cluster_name: host', '|commitlog_sync: periodic'];

const printed = (lines: readonly string[]): ExecResult => ({ outcome: { kind: 'exited', code: 0 }, stdout: `begin\n${lines.join('\n')}\nend\n`, stderr: '', truncated: false });
const silence: ExecResult = { outcome: { kind: 'lost', why: 'no answer within 60000 ms' }, stdout: '', stderr: '', truncated: false };

/** What nodetool prints in each pod; in a pod that is not named it hangs, as it does beside a server that is stopped. */
type Tools = Readonly<Record<string, { readonly status: readonly string[]; readonly describecluster: readonly string[] }>>;

function answer({ pod: asked, command }: ExecTarget, tools: Tools): ExecResult {
  const [, , program, , ...words] = command;
  if (program === configurationProgram) return printed(configuration);
  if (program === pathsProgram) return printed(words.slice(1).map((path, n) => `path ${n} ${path}`));
  if (program !== nodetoolProgram) throw new Error(`not a program of the preflight: ${program ?? ''}`);
  const said = tools[asked]?.[words[0] as keyof Tools[string]];
  return said === undefined ? silence : printed(said);
}

function look(tools: Tools): ReturnType<typeof preflight> {
  const exec: Exec = { open: () => Promise.reject(new Error('nothing opens a stream')), run: (target) => Promise.resolve(answer(target, tools)) };
  const view = namespace(...pods);
  const context: AdapterContext = {
    account: { namespace: 'shop', name: 'stillpoint' },
    exec,
    view,
    claims: allClaims(view),
    secret: () => Promise.reject(new Error('there is no Secret')),
    profile: () => Promise.reject(new Error('there is no profile')),
    setId: 'set-1',
    signal: new AbortController().signal,
  };
  return preflight(app, context);
}

const whole = { status, describecluster: describeCluster };

describe('the look at a ring', () => {
  test('that is whole finds nothing against a copy', async () => {
    expect(await look({ 'db-0': whole, 'db-1': whole })).toMatchObject({ version: '5.0.9', roles: { 'db-0': 'node', 'db-1': 'node' }, blockers: [] });
  });

  test('with a node that does not answer: what the other sees of it is judged all the same', async () => {
    const { blockers } = await look({ 'db-0': { status: statusDown, describecluster: describeClusterDown } });
    expect(blockers).toEqual([{ code: 'ApplicationNotReady', message: expect.any(String) }]);
    for (const part of ['nodetool status in pod db-1 ', 'do not say their schema version: 127.0.0.12', `Pod db-0 of db sees the node 127.0.0.12 (${hostIds[1]}) in state DN`]) {
      expect(blockers[0]?.message).toContain(part);
    }
  });

  test('whose first node does not answer, which is the one that is asked for the schema', async () => {
    const { blockers } = await look({ 'db-1': { ...whole, status: status.map((line) => line.replace('UN  127.0.0.11', 'DN  127.0.0.11')) } });
    expect(blockers).toHaveLength(1);
    for (const part of ['nodetool status in pod db-0 ', 'nodetool describecluster in pod db-0 ', `Pod db-1 of db sees the node 127.0.0.11 (${hostIds[0]}) in state DN`]) {
      expect(blockers[0]?.message).toContain(part);
    }
  });

  test('of which nobody answers says that alone', async () => {
    const { blockers } = await look({});
    expect(blockers.map((b) => b.message)).toEqual([expect.stringMatching(/status in pod db-0 .*status in pod db-1 .*describecluster in pod db-0 /)]);
    expect(blockers[0]?.message).not.toContain('ring');
  });
});
