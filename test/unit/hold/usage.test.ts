import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ClaimMount } from '../../../src/hooks/hold/claim-mounts.js';
import { parseUsage, readUsage } from '../../../src/hooks/hold/usage.js';
import type { Exec, ExecResult } from '../../../src/runtime/exec.js';

const agent = { namespace: 'stillpoint-agent', pod: 'agent-1', container: 'agent' };
const mount = (uid: string): ClaimMount => ({ path: '/data', block: false, readOnly: false, claim: { metadata: { name: uid, uid } }, pod: { metadata: { name: 'p', uid: 'pod' } }, container: { containerId: 'c' } }) as unknown as ClaimMount;
const answer = (stdout: string, more: Partial<ExecResult> = {}): ExecResult => ({ outcome: { kind: 'exited', code: 0 }, stdout, stderr: '', truncated: false, ...more });

async function ask(uids: readonly string[], result: (stdin: string) => ExecResult): Promise<{ found: Record<string, unknown>; asked: { command: readonly string[]; stdin: string }[] }> {
  const asked: { command: readonly string[]; stdin: string }[] = [];
  const exec = {
    run: ({ command }: { command: readonly string[] }, { stdin = '' }: { stdin?: string }) => {
      asked.push({ command, stdin });
      return Promise.resolve().then(() => result(stdin));
    },
  } as unknown as Exec;
  return { found: Object.fromEntries(await readUsage(agent, uids.map(mount), exec)), asked };
}

describe('how full file systems are', () => {
  test('is asked by the claim, in one line', async () => {
    const { found, asked } = await ask(['a', 'b'], () => answer('{"version":1,"volumes":[{"ref":"a","totalBytes":100,"usedBytes":60,"availableBytes":35},{"ref":"b","totalBytes":0,"usedBytes":0,"availableBytes":0,"error":"no process"}]}\n'));
    expect(found).toEqual({ a: { totalBytes: 100, usedBytes: 60, availableBytes: 35 }, b: { error: 'no process' } });
    expect(asked).toEqual([{ command: ['/stillpoint/holder', 'usage', 'usage'], stdin: '{"version":1,"volumes":[{"ref":"a","podUid":"pod","containerId":"c","mountPath":"/data"},{"ref":"b","podUid":"pod","containerId":"c","mountPath":"/data"}]}\n' }]);
  });

  test.each<[string, () => ExecResult, RegExp]>([
    ['no answer', () => answer('', { outcome: { kind: 'lost', why: 'deadline' } }), /^the agent has not answered \(lost\)$/],
    ['a refusal of the program', () => answer('STILL1 usage error code=bad-spec', { outcome: { kind: 'exited', code: 1 } }), /^the agent has not answered \(exited\) STILL1 usage error/],
    ['half an answer', () => answer('{"version":1', { truncated: true }), /^the agent has not answered/],
    ['another version', () => answer('{"version":2,"volumes":[]}'), /not understood/],
    ['something else', () => answer('hello'), /not understood/],
    ['no entry of it', () => answer('{"version":1,"volumes":[]}'), /did not say it/],
    ['an entry without numbers', () => answer('{"version":1,"volumes":[{"ref":"a"}]}'), /did not say it/],
    ['numbers that are none', () => answer('{"version":1,"volumes":[{"ref":"a","usedBytes":-1,"availableBytes":"5"}]}'), /did not say it/],
    ['an exec that is refused', () => { throw new Error('forbidden'); }, /^the agent cannot be asked: forbidden$/],
  ])('%s is not known, with why', async (_, result, says) => {
    const { found } = await ask(['a'], result);
    expect(found).toEqual({ a: { error: expect.stringMatching(says) as unknown } });
  });

  test('many are asked in parts, and each has an answer', async () => {
    const uids = Array.from({ length: 600 }, (_, i) => `c${i}`);
    const { found, asked } = await ask(uids, (stdin) => answer(JSON.stringify({ version: 1, volumes: (JSON.parse(stdin) as { volumes: { ref: string }[] }).volumes.map(({ ref }) => ({ ref, totalBytes: 2, usedBytes: 1, availableBytes: 1 })) })));
    expect(Object.keys(found)).toHaveLength(600);
    expect(asked).toHaveLength(3);
  });

  test('whatever is answered, nothing but numbers counts', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const parsed = parseUsage(text);
        return parsed === undefined || [...parsed.values()].every((usage) => 'error' in usage || (usage.usedBytes >= 0 && usage.availableBytes >= 0));
      }),
    );
  });
});
