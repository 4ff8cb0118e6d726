import { execFile, execFileSync, spawn } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { s3Data, s3Objects, s3Port } from '../../apps/s3/manifests.js';
import { bedPki, certificateFrom } from '../../faults/certificate.js';
import type { Bucket } from './bucket.js';
import { apply, kubectl, waitFor } from './kubectl.js';
import { until } from './until.js';

/** A server of S3 in a namespace of its own, and its bucket. */
export interface S3Server extends Bucket {
  readonly namespace: string;
}

const name = 's3';

/** Starts it in a namespace that exists, and waits until it answers. */
export async function startServer(namespace: string, size = '1Gi'): Promise<S3Server> {
  const pki = bedPki();
  const host = `${name}.${namespace}.svc`;
  const server: S3Server = { namespace, bucket: 'copies', endpoint: `https://${host}:${s3Port}`, accessKeyId: 'test', secretAccessKey: 'only-for-tests', ca: readFileSync(join(pki, 'ca.crt'), 'utf8') };
  await apply(s3Objects({ ...server, name, size, tls: certificateFrom(pki, `DNS:${host}`) }), namespace);
  await waitFor('condition=Ready', `pod/${name}`, namespace, 120);
  return server;
}

/** Runs a line of shell beside the server, in the folder of the buckets. */
export function onServer({ namespace }: S3Server, line: string): Promise<string> {
  return kubectl(['-n', namespace, 'exec', name, '-c', 'shell', '--', 'sh', '-c', `cd ${s3Data} && ${line}`]);
}

/** A certificate that has signed nothing of the server's, in PEM. */
export function otherAuthority(): string {
  return execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=other', '-days', '2', '-keyout', '/dev/null'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** Runs restic on this host, from outside the cluster, with nothing but the bucket and the key. */
export async function resticOutside(server: S3Server, folder: string, key: string, args: readonly string[]): Promise<string> {
  const env = await environment(server, folder, key);
  return new Promise((resolve, reject) => {
    execFile(resticProgram(), [...common, ...args], { env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`restic ${args.join(' ')}: ${stderr}`));
    });
  });
}

/** Leaves a lock that excludes everybody, as a cluster does that dies while it checks a repository. Resolves with what takes it away. */
export async function leaveLock(server: S3Server, folder: string, key: string): Promise<() => Promise<string>> {
  const locks = `${server.bucket}/${folder}/locks`;
  const list = async (): Promise<string[]> => (await onServer(server, `find ${locks} -type f 2>/dev/null || true`)).split('\n').filter((line) => line !== '');
  const before = await list();
  const child = spawn(resticProgram(), [...common, 'check', '--read-data', '--limit-download=8'], { env: await environment(server, folder, key), stdio: 'ignore' });
  try {
    const lock = await until('restic has locked the repository', async () => (await list()).find((file) => !before.includes(file)), 60, 500);
    return () => onServer(server, `rm -f ${lock}`);
  } finally {
    child.kill('SIGKILL');
  }
}

/** Its certificate has the name that pods use. */
const common = ['--insecure-tls', '--no-cache'];

async function environment(server: S3Server, folder: string, key: string): Promise<NodeJS.ProcessEnv> {
  const ip = await kubectl(['-n', server.namespace, 'get', 'pod', name, '-o', 'jsonpath={.status.podIP}']);
  return {
    PATH: process.env['PATH'],
    HOME: homedir(),
    RESTIC_REPOSITORY: `s3:https://${ip}:${s3Port}/${server.bucket}/${folder}`,
    RESTIC_PASSWORD: key,
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
  };
}

/** The program that image/build has built for the operator's image. */
function resticProgram(): string {
  const images = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'stillpoint', 'images');
  const programs = readdirSync(images).filter((entry) => /^restic-base-[0-9a-f]+$/.test(entry)).map((entry) => join(images, entry, 'usr', 'local', 'bin', 'restic'));
  const [newest] = programs.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (newest === undefined) throw new Error('restic is not built: run image/build operator');
  return newest;
}
