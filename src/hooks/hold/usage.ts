import { posix } from 'node:path';
import type { Exec } from '../../runtime/exec.js';
import { parseJson } from '../../runtime/parse-json.js';
import type { ClaimMount } from './claim-mounts.js';
import { usageCommand } from './holder-input.js';
import { quoted } from './quoted.js';

/** How full a file system is, or why that is not known. */
export type FileSystemUsage = { readonly totalBytes: number; readonly usedBytes: number; readonly availableBytes: number } | { readonly error: string };

/** Where an agent is reached. */
interface AgentPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** So many at a time: an answer is bounded, and so is what the program takes. */
const atOnce = 256;
/** Longer than the program waits for one file system. */
const answerMillis = 15_000;
const maxBytes = 256 * 1024;

/** Asks the agent of a node how full the file systems of mounts there are, by uid of the claim. It changes nothing. Never rejects: what has no answer has an error. */
export async function readUsage(agent: AgentPlace, mounts: readonly ClaimMount[], exec: Exec): Promise<ReadonlyMap<string, FileSystemUsage>> {
  const found = new Map<string, FileSystemUsage>();
  for (let i = 0; i < mounts.length; i += atOnce) {
    const some = mounts.slice(i, i + atOnce);
    const answer = await ask(agent, some, exec);
    for (const mount of some) {
      const ref = refOf(mount);
      found.set(ref, typeof answer === 'string' ? { error: answer } : (answer.get(ref) ?? { error: 'the agent did not say it' }));
    }
  }
  return found;
}

function refOf({ claim }: ClaimMount): string {
  return claim.metadata.uid ?? '';
}

/** The answers, or why there are none. */
async function ask(agent: AgentPlace, mounts: readonly ClaimMount[], exec: Exec): Promise<ReadonlyMap<string, FileSystemUsage> | string> {
  const volumes = mounts.map((mount) => ({ ref: refOf(mount), podUid: mount.pod.metadata.uid, containerId: mount.container.containerId, mountPath: posix.resolve('/', mount.path) }));
  try {
    const { outcome, stdout, stderr, truncated } = await exec.run(usageCommand(agent), { stdin: `${JSON.stringify({ version: 1, volumes })}\n`, deadlineMillis: answerMillis, maxOutputBytes: maxBytes });
    if (outcome.kind !== 'exited' || outcome.code !== 0 || truncated) return `the agent has not answered (${outcome.kind}) ${quoted(stderr === '' ? stdout : stderr)}`.trim();
    return parseUsage(stdout) ?? 'the answer of the agent was not understood';
  } catch (error) {
    return `the agent cannot be asked: ${quoted(error instanceof Error ? error.message : String(error))}`;
  }
}

/** What `usage` has written; undefined when it is nothing of the kind. Pure. */
export function parseUsage(text: string): ReadonlyMap<string, FileSystemUsage> | undefined {
  const parsed = parseJson(text);
  if (!isObject(parsed) || parsed['version'] !== 1 || !Array.isArray(parsed['volumes'])) return undefined;
  return new Map((parsed['volumes'] as unknown[]).filter(isObject).map((entry) => [String(entry['ref']), entryOf(entry)] as const));
}

function entryOf({ totalBytes, usedBytes, availableBytes, error }: Readonly<Record<string, unknown>>): FileSystemUsage {
  if (typeof error === 'string' && error !== '') return { error: quoted(error) };
  if (!isSize(totalBytes) || !isSize(usedBytes) || !isSize(availableBytes)) return { error: 'the agent did not say it' };
  return { totalBytes, usedBytes, availableBytes };
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
