// Writes tokens into the applications of a namespace, lane by lane, until SIGTERM or SIGINT; each one's fate goes to a log outside the cluster.
// usage: node --import ./tools/ts.mjs test/proof/writer.ts --namespace NS --apps postgresql,kafka --load 1 --log FILE [--rest MILLIS] [--first-lane ID]
// --first-lane: higher than that of every writer before, so that no token was ever sent by one of them.
// --rest: how long a lane rests after each acknowledgement, so that a long run leaves something of the machine.
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from '../apps/postgresql/history.js';
import { applicationsNamed } from './applications.js';
import type { Sent } from './history.js';
import { lanesOver, slotOf, tokenOf, type Lane } from './lanes.js';
import type { TokenStore } from './token-store.js';

const { values } = parseArgs({
  options: { namespace: { type: 'string' }, apps: { type: 'string' }, load: { type: 'string', default: '1' }, log: { type: 'string' }, rest: { type: 'string', default: '0' }, 'first-lane': { type: 'string', default: '0' } },
});
if (values.namespace === undefined || values.apps === undefined || values.log === undefined) throw new Error('--namespace, --apps and --log are required');
const { namespace } = values;
const restMillis = Number(values.rest);

const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());

const log = createWriteStream(values.log, { flags: 'a' });
const stores = new Map<string, TokenStore>();
for (const app of applicationsNamed(values.apps)) stores.set(app.name, await app.open(namespace));

/** Sends the tokens of a lane one by one; a token whose fate is unknown is not sent again. */
async function run(lane: Lane): Promise<void> {
  for (let n = 1; !stopping.signal.aborted; n += 1) {
    const { store, member } = slotOf(lane, n);
    const sent = { lane: lane.id, n, sentAt: monotonicMs() };
    let line: Sent;
    try {
      await stores.get(store)?.put(tokenOf(lane.id, n), member);
      line = { ...sent, ackedAt: monotonicMs() };
    } catch (error) {
      line = { ...sent, error: error instanceof Error ? error.message : String(error) };
    }
    log.write(`${JSON.stringify(line)}\n`);
    if (line.error !== undefined) await pause(100);
    else if (restMillis > 0) await pause(restMillis);
  }
}

const named = [...stores].map(([name, { members }]) => ({ name, members }));
await Promise.all(lanesOver(named, Number(values.load), Number(values['first-lane'])).map(run));
log.end();
await once(log, 'finish');
await Promise.all([...stores.values()].map((store) => store.close()));
