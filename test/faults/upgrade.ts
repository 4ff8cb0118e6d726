import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { FrameSplitter, opcodes, serverFrame, type Frame } from './frames.js';
import { piecewise, type Passed } from './gate.js';
import type { MomentName } from './moments.js';
import type { LoggedRequest, Passing } from './proxy.js';
import type { Action } from './rules.js';

export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly action: Action | undefined;
  readonly logged: LoggedRequest;
}

/** Channels of the exec protocol: the first byte of a message. */
const channels = { stdin: 0, stdout: 1, status: 3 } as const;

/** Passes an upgrade to the server, then frame by frame in both directions, with the fault that was decided for it. */
export function passUpgrade(upgrade: Upgrade, passing: Passing): void {
  const { request, socket, action } = upgrade;
  socket.on('error', () => undefined);
  if (action?.kind === 'noUpgrade' || action?.kind === 'halfOpen') return;
  if (action?.kind === 'reset' && action.when === 'before') return passing.reset(request);
  if (action?.kind === 'answer') {
    upgrade.logged.code = action.code;
    const retry = action.retryAfterSeconds === undefined ? '' : `Retry-After: ${action.retryAfterSeconds}\r\n`;
    socket.end(`HTTP/1.1 ${action.code} Fault\r\n${retry}Content-Length: 0\r\nConnection: close\r\n\r\n`);
    return;
  }
  void open(upgrade, passing).catch(() => passing.reset(request));
}

async function open(upgrade: Upgrade, passing: Passing): Promise<void> {
  const { request, socket, action, logged } = upgrade;
  await passing.gate.passage();
  const { target, ca } = passing;
  const upstream = https.request({ host: target.hostname, port: target.port, method: request.method, path: request.url, headers: request.rawHeaders, ca, agent: false });
  socket.on('close', () => upstream.destroy());
  upstream.on('error', () => passing.reset(request));
  upstream.on('response', (answer) => {
    logged.code = answer.statusCode;
    socket.write(head(answer));
    answer.pipe(socket);
  });
  upstream.on('upgrade', (answer, server, early) => {
    server.on('error', () => passing.reset(request));
    if (action?.kind === 'reset') return passing.reset(request);
    logged.code = answer.statusCode;
    void join(upgrade, passing, answer, server, early).catch(() => passing.reset(request));
  });
  upstream.end();
}

async function join({ request, socket, head: sent, action, logged }: Upgrade, passing: Passing, answer: IncomingMessage, server: Duplex, early: Buffer): Promise<void> {
  const cut = (): void => {
    server.destroy();
    passing.reset(request);
  };
  const { path } = logged;
  const holder = /\/exec\?.*command=hold(&|$)/.test(path);
  server.on('close', () => {
    // After an orderly end the last frames may still be on their way through us.
    if (!server.readableEnded) passing.reset(request);
  });
  socket.on('close', () => server.destroy());
  if (holder) await passing.at('exec upgrade', 'before', path, cut);
  socket.write(head(answer));
  if (holder) void passing.at('exec upgrade', 'after', path, cut);
  const up = piecewise(frameSteps({ action, passing, path, cut, holder, side: 'client' }), cut);
  const down = piecewise(frameSteps({ action, passing, path, cut, holder, side: 'server' }), cut);
  if (sent.length > 0) up.write(sent);
  if (early.length > 0) down.write(early);
  socket.pipe(up).pipe(server);
  server.pipe(down).pipe(socket);
}

function head(answer: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${answer.statusCode ?? 502} ${answer.statusMessage ?? ''}`];
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2) lines.push(`${answer.rawHeaders[i] ?? ''}: ${answer.rawHeaders[i + 1] ?? ''}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

interface Direction {
  readonly action: Action | undefined;
  readonly passing: Passing;
  readonly path: string;
  readonly cut: () => void;
  /** It is the stream of a holder: moments are looked for. */
  readonly holder: boolean;
  /** Who sends. */
  readonly side: 'client' | 'server';
}

/** The way of the frames of one direction. */
function frameSteps(direction: Direction): (chunk: Buffer) => Promise<Passed> {
  const { action, passing, side } = direction;
  const splitter = new FrameSplitter();
  let count = 0;
  let channel = -1;
  return async (chunk) => {
    const pieces: Buffer[] = [];
    for (const frame of splitter.push(chunk)) {
      await passing.gate.passage();
      const data = frame.opcode === opcodes.binary || frame.opcode === opcodes.text;
      if (data) channel = frame.payload[0] ?? -1;
      if (side === 'server' && count === 0 && action?.kind === 'strangeFrame') pieces.push(serverFrame(Buffer.of(255, 1)));
      count += 1;
      if (action?.kind === 'delayFrames') await pause(action.millis);
      if (action?.kind === 'dropStatus' && side === 'server' && channel === channels.status && frame.opcode < opcodes.close) continue;
      await moments(direction, channel, frame);
      pieces.push(frame.raw);
      if (action?.kind === 'cutStream' && side === 'server' && count >= action.afterFrames) return { pieces, end: 'reset' };
    }
    return { pieces };
  };
}

async function moments({ passing, path, cut, holder, side }: Direction, channel: number, frame: Frame): Promise<void> {
  const name = holder ? momentOf(side, channel, frame.payload.subarray(1).toString('latin1')) : undefined;
  if (name === undefined) return;
  await passing.at(name, 'before', path, cut);
  // The frame leaves in the tick that follows.
  setImmediate(() => void passing.at(name, 'after', path, cut));
}

const commands: ReadonlyMap<string, MomentName> = new Map<string, MomentName>([
  ['gate\n', 'gate sent'],
  ['freeze\n', 'freeze sent'],
  ['release\n', 'release sent'],
]);

/** Lines of the holder's protocol; a holder writes each with one call. */
function momentOf(side: Direction['side'], channel: number, text: string): MomentName | undefined {
  if (side === 'client') {
    if (channel !== channels.stdin) return undefined;
    return commands.get(text);
  }
  if (channel !== channels.stdout) return undefined;
  return / frozen /.test(text) ? 'frozen seen' : / released /.test(text) ? 'released seen' : undefined;
}
