import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hold, show, showWord } from './held.js';
import { moverRequest, onlyReads, paths, requestVariable, type MoverProgress, type MoverRequest, type MoverResult } from './request.js';
import { repositoryUrl, resticEnvironment } from './restic/arguments.js';
import { move, recoveryPointDocument, type MoverSurroundings } from './restic/mover.js';
import type { ResticNode } from './restic/output.js';
import { Restic } from './restic/run.js';
import { askS3, type S3Answer } from './s3/client.js';
import { judgeAnswer, judgeError, judgeLock, type Trouble } from './s3/judge.js';
import { settle } from './settle.js';

// The program of a mover's pod: reads its request from the environment, runs restic, and leaves its result where the kubelet picks it up.
// It talks to nobody but the target, and has no access to the API. What was fetched it shows to the operator, which asks by exec.

const program = '/usr/local/bin/restic';
/** Kept in the status of the pod by the kubelet. */
const resultBytes = 4096;
const progressMillis = 2_000;

const request = moverRequest.parse(JSON.parse(process.env[requestVariable] ?? ''));
const credentials = {
  accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? '',
  secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? '',
  sessionToken: process.env['AWS_SESSION_TOKEN'],
};
const restic = new Restic(program, {
  ...resticEnvironment(request),
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: paths.scratch,
  ...(request.place.s3 === undefined ? {} : { AWS_ACCESS_KEY_ID: credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey }),
  ...(credentials.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: credentials.sessionToken }),
});
process.on('SIGTERM', () => restic.interrupt());

async function probe({ place, task }: MoverRequest): Promise<Trouble | undefined> {
  const { s3 } = place;
  if (s3 === undefined) return onlyReads(task) ? undefined : prepareFolder(place.folder);
  try {
    const trouble = judgeAnswer(await ask('GET', '', { 'list-type': '2', 'max-keys': '1', prefix: `${place.folder}/` }), s3);
    if (trouble !== undefined || s3.objectLock === undefined) return trouble;
    return judgeLock(await ask('GET', '', { 'object-lock': '' }), s3);
  } catch (error) {
    return judgeError(error, s3);
  }
}

/** Movers of several users work in it: the group of the check owns it, and new files get that group. */
async function prepareFolder(folder: string): Promise<Trouble | undefined> {
  try {
    let path: string = paths.repository;
    for (const part of folder.split('/')) {
      path = `${path}/${part}`;
      const made = await mkdir(path, { recursive: true });
      if (made !== undefined) await chmod(path, 0o2770);
    }
    return undefined;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { code: text.includes('ENOSPC') ? 'TargetFull' : 'TargetNotWritable', message: text };
  }
}

/** Files that restic makes later have the modes that it finds at the file config. */
async function shareRepository(): Promise<void> {
  if (request.place.s3 !== undefined) return;
  const root = repositoryUrl(request.place);
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) await chmod(`${entry.parentPath}/${entry.name}`, entry.isDirectory() ? 0o2770 : 0o440);
  await chmod(root, 0o2770);
}

async function removeLock(id: string): Promise<void> {
  const { s3, folder } = request.place;
  if (s3 === undefined) return rm(`${repositoryUrl(request.place)}/locks/${id}`, { force: true });
  const trouble = judgeAnswer(await ask('DELETE', `${folder}/locks/${id}`, {}), s3);
  if (trouble !== undefined) throw new Error(`a stale lock could not be removed: ${trouble.message}`);
}

async function ask(method: 'GET' | 'DELETE', key: string, query: Readonly<Record<string, string>>): Promise<S3Answer> {
  const { s3, ca } = request.place;
  if (s3 === undefined) throw new Error('the target has no bucket');
  return askS3(s3, { method, key, query }, { credentials, ca: ca ? await readFile(paths.ca, 'utf8') : undefined, now: Date.now() });
}

async function layOut(): Promise<string> {
  for (const entry of (await readdir(paths.parts)).filter((name) => !name.startsWith('.'))) await copyFile(`${paths.parts}/${entry}`, `${paths.recoveryPoint}/${entry}`);
  return createHash('sha256').update(await readFile(recoveryPointDocument)).digest('hex');
}

/** Its own user and groups are all that it may give; root without capabilities no more. */
function isOwn({ user, group }: ResticNode): boolean {
  return user === process.getuid?.() && (group === process.getgid?.() || process.getgroups?.().includes(group) === true);
}

let said = 0;

/** One line now and then: the operator reads the last one. */
function onProgress(progress: MoverProgress): void {
  if (Date.now() - said < progressMillis) return;
  said = Date.now();
  process.stdout.write(`${JSON.stringify(progress)}\n`);
}

/** The kubelet keeps its first 4096 bytes: a message that is too long is cut instead of the JSON around it. */
function fitting(result: MoverResult): string {
  const text = JSON.stringify(result);
  if (Buffer.byteLength(text) <= resultBytes || result.ok) return text;
  return JSON.stringify({ ...result, message: result.message.slice(0, 500), lockedBy: result.lockedBy?.slice(0, 4) });
}

async function carryOut(): Promise<number> {
  const password = (await readFile(paths.password, 'utf8')).trim();
  const secrets = [credentials.secretAccessKey, credentials.sessionToken ?? '', password];
  const own: MoverSurroundings = { restic, probe: () => probe(request), shareRepository, removeLock, layOut, settle, isOwn, onProgress, secrets };
  const result = await move(request, own);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  if (result.ok && request.task.verb === 'fetch') await hold();
  await writeFile(paths.result, fitting(result));
  return result.ok ? 0 : 1;
}

const [word, file = ''] = process.argv.slice(2);
process.exitCode = word === showWord ? await show(file) : await carryOut();
