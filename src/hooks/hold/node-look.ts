import type { Exec } from '../../runtime/exec.js';
import type { AgentRef } from './end-holds.js';
import { mountsCommand, mountsInput, type NodeVolume } from './holder-input.js';
import { parseLine, type HolderEvent, type VolumeState } from './protocol.js';
import { quoted } from './quoted.js';

/** What is known of volumes on one node. */
export type NodeLook =
  /** By uid of the claim, of those that are not free there: where. */
  | { readonly node: string; readonly kind: 'known'; readonly mounted: ReadonlyMap<string, string>; readonly kept: ReadonlyMap<string, string> }
  /** Nobody answered for all of them. */
  | { readonly node: string; readonly kind: 'unknown'; readonly why: string };

/** Longest wait for one node, ms; reading its mounts takes a few milliseconds. */
const lookMillis = 10_000;
/** Enough for 512 volumes with long paths. */
const maxAnswerBytes = 1 << 20;

/** Asks the agent of a node what the node has of some volumes. Changes nothing. Never rejects. */
export async function lookOnNode(node: string, agent: AgentRef | undefined, id: string, volumes: readonly NodeVolume[], exec: Exec): Promise<NodeLook> {
  if (agent === undefined) return { node, kind: 'unknown', why: 'no agent is ready there' };
  try {
    const { stdout, stderr, outcome, truncated } = await exec.run(mountsCommand(id, agent), { stdin: `${mountsInput(volumes)}\n`, deadlineMillis: lookMillis, maxOutputBytes: maxAnswerBytes });
    const events = stdout.split('\n').flatMap((line) => {
      const parsed = parseLine(line, id);
      return parsed.kind === 'event' ? [parsed.event] : [];
    });
    return answerOf(node, volumes, truncated ? [] : events) ?? { node, kind: 'unknown', why: `its agent gave no whole answer (${outcome.kind}) ${quoted(stderr)}`.trim() };
  } catch (error) {
    return { node, kind: 'unknown', why: `its agent could not be asked: ${quoted(error instanceof Error ? error.message : String(error))}` };
  }
}

/** Undefined when a volume lacks its answer, or the last line is not there that says that the answer is whole. */
function answerOf(node: string, volumes: readonly NodeVolume[], events: readonly HolderEvent[]): NodeLook | undefined {
  const error = events.find((event) => event.kind === 'error');
  if (error !== undefined) return { node, kind: 'unknown', why: `its agent says: ${quoted(error.message)} (${error.code})` };
  const answers = new Map(events.flatMap((event) => (event.kind === 'volume' ? [[event.ref, event] as const] : [])));
  const whole = events.some((event) => event.kind === 'looked' && event.volumes === volumes.length);
  if (!whole || volumes.some(({ claimUid }) => !answers.has(claimUid))) return undefined;
  const inState = (state: VolumeState): Map<string, string> => new Map([...answers.values()].flatMap((answer) => (answer.state === state ? [[answer.ref, quoted(answer.at)] as const] : [])));
  return { node, kind: 'known', mounted: inState('mounted'), kept: inState('kept') };
}
