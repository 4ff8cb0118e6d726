import { fail } from '../../api/errors.js';
import type { AdapterContext, Cap, Detected, Positions } from '../adapter.js';
import { ask, brokersOf } from './cluster.js';
import { endsAsPositions, endsInPositions, shorter } from './ends.js';
import { quorumText } from './facts.js';
import { parseEnds, parseQuorum, type Ends, type Quorum } from './reports.js';

/**
 * Where the log of each partition ends, and who leads the quorum: everything acknowledged until now lies before it. The brokers do nothing for it, and
 * nothing would shorten the hold but the sync, which its holder does. Throws AppError ApplicationNotReady.
 */
export async function warmUp(app: Detected, context: AdapterContext): Promise<Positions> {
  const { ends, quorum } = await look(app, context);
  return { clusterId: quorum.clusterId, quorum: quorumText(quorum), ...endsAsPositions('ends', ends) };
}

/** The same after the release: `releasedClusterId`, `releasedQuorum`, `releasedEnds.N`. Throws AppError ApplicationNotReady. */
export async function evidence(app: Detected, context: AdapterContext): Promise<Positions> {
  const { ends, quorum } = await look(app, context);
  return { releasedClusterId: quorum.clusterId, releasedQuorum: quorumText(quorum), ...endsAsPositions('releasedEnds', ends) };
}

async function look(app: Detected, context: AdapterContext): Promise<{ ends: Ends; quorum: Quorum }> {
  const answer = await ask(await brokersOf(app, context), 'quorum', 'ends');
  const quorum = parseQuorum(answer('quorum'));
  if (quorum === undefined) throw fail('ApplicationNotReady', `The controllers of ${app.name} do not say how their quorum is.`);
  return { ends: endsOf(app, answer('ends')), quorum };
}

function endsOf(app: Detected, lines: readonly string[]): Ends {
  try {
    return parseEnds(lines);
  } catch (error) {
    throw fail('ApplicationNotReady', `Kafka does not say where every partition of ${app.name} ends: a partition has no leader. It is asked again.`, { cause: error });
  }
}

/**
 * What the two say against the copy. A log never ends earlier than before, unless an unclean election cut it or the topic was made anew: then something
 * acknowledged went before the cut or after it, and nobody can tell which. An election of a controller is nothing against a copy: frozen nodes wrote nothing
 * meanwhile, and the epochs before and after are among the positions.
 */
export function contradictions(before: Positions, after: Positions): Cap[] {
  const caps: Cap[] = [];
  if (before['clusterId'] !== after['releasedClusterId']) {
    caps.push({ grade: 'CrashConsistent', reason: `Kafka answered as cluster ${before['clusterId'] ?? 'unknown'} before the hold and as ${after['releasedClusterId'] ?? 'unknown'} after it.` });
  }
  const [was, is] = [endsInPositions('ends', before), endsInPositions('releasedEnds', after)];
  if (was === undefined || is === undefined) {
    caps.push({ grade: 'CrashConsistent', reason: 'Where the logs of Kafka end is not known from before the hold and from after it.' });
    return caps;
  }
  // What did not fit into one of the two is not compared.
  const both = new Map([...was.ends].filter(([name]) => is.ends.has(name)));
  const lost = shorter(both, is.ends);
  if (lost.length > 0) {
    caps.push({ grade: 'CrashConsistent', reason: `Logs of Kafka end earlier after the hold than before it: ${lost.slice(0, 5).join(', ')}. Acknowledged records were dropped, or the topic was made anew.` });
  }
  return caps;
}
