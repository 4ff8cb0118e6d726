// A fault proxy as a program of its own, so that what it does to time is not what a test does.
// usage: node --import ./tools/ts.mjs test/faults/main.ts --target https://10.244.0.11:6443 --pki DIR [--host 10.244.0.1] [--port 0] [--control 0] [--seed 1]
// Prints one line of JSON when it listens: {"port": …, "control": …}. Ends by SIGTERM, and when its stdin ends.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { random } from '../e2e/lib/random.js';
import { certificateFrom, hostAddress } from './certificate.js';
import { portOf, serveControl } from './control.js';
import { FaultProxy } from './proxy.js';

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    pki: { type: 'string' },
    host: { type: 'string', default: hostAddress },
    port: { type: 'string', default: '0' },
    control: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
  },
});
if (values.target === undefined || values.pki === undefined) throw new Error('--target and --pki are required');

const proxy = await FaultProxy.listen({
  target: new URL(values.target),
  ca: readFileSync(join(values.pki, 'ca.crt'), 'utf8'),
  certificate: certificateFrom(values.pki),
  host: values.host,
  port: Number(values.port),
  random: random(Number(values.seed)),
});
const control = await serveControl(proxy, Number(values.control));
process.stdout.write(`${JSON.stringify({ port: proxy.port, control: portOf(control) })}\n`);
process.once('SIGTERM', () => process.exit(0));
process.stdin.resume().once('end', () => process.exit(0));
