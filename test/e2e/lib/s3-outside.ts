import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { certificateFrom, hostAddress } from '../../faults/certificate.js';
import type { Bucket } from './bucket.js';
import { until } from './until.js';

/** Beside the directories of the clusters, and of none of them. */
const parent = '/var/tmp';

/** A server of S3 that runs on this host, on the bridge that the pods of every test cluster reach: it outlives them. TLS by an authority of its own. */
export class OutsideServer {
  readonly bucket: Bucket;
  readonly #child: ChildProcess;
  readonly #directory: string;

  /** Starts it with one empty bucket, and waits until it listens. A test cluster must be up, whose bridge it is. */
  static async start(): Promise<OutsideServer> {
    const directory = mkdtempSync(join(parent, 'stillpoint-s3-'));
    try {
      const server = new OutsideServer(directory, await freePort());
      await server.#listens();
      return server;
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  private constructor(directory: string, port: number) {
    const file = (name: string): string => join(directory, name);
    const ca = authority(directory);
    const { cert, key } = certificateFrom(directory, `IP:${hostAddress}`);
    writeFileSync(file('tls.crt'), cert);
    writeFileSync(file('tls.key'), key, { mode: 0o600 });
    mkdirSync(file('data/copies'), { recursive: true });
    this.bucket = { endpoint: `https://${hostAddress}:${port}`, bucket: 'copies', accessKeyId: 'test', secretAccessKey: 'only-for-tests', ca };
    const env = { PATH: process.env['PATH'], ROOT_ACCESS_KEY: this.bucket.accessKeyId, ROOT_SECRET_KEY: this.bucket.secretAccessKey };
    // It ends with this process, however that ends.
    const argv = ['--pdeathsig', 'KILL', program(directory), '--port', `${hostAddress}:${port}`, '--cert', file('tls.crt'), '--key', file('tls.key'), '--quiet', 'posix', file('data')];
    this.#child = spawn('setpriv', argv, { env, stdio: ['ignore', 'inherit', 'inherit'] });
    this.#directory = directory;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const closed = once(this.#child, 'close');
      this.#child.kill('SIGKILL');
      await closed;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #listens(): Promise<void> {
    const { hostname, port } = new URL(this.bucket.endpoint);
    await until('the server of S3 listens', () => {
      if (this.#child.exitCode !== null) throw new Error(`the server of S3 ended with ${String(this.#child.exitCode)}`);
      return accepts(hostname, Number(port));
    }, 30, 200);
  }
}

/** Makes an authority in the directory, as {@link certificateFrom} finds it; returns its certificate. */
function authority(directory: string): string {
  const [key, cert] = ['ca.key', 'ca.crt'].map((name) => join(directory, name)) as [string, string];
  const of = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=s3-outside', '-days', '2', '-addext', 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature'];
  execFileSync('openssl', ['req', '-x509', ...of, '-keyout', key, '-out', cert], { stdio: ['ignore', 'ignore', 'pipe'] });
  return readFileSync(cert, 'utf8');
}

/** The static program of the image that the suites run inside of the cluster. */
function program(directory: string): string {
  const script = 'set -euo pipefail; tar -xOf "$(test/apps/build --tar s3:1)" layer.tar | tar -x -C "$1" ./versitygw';
  execFileSync('bash', ['-c', script, 'bash', directory], { stdio: ['ignore', 'ignore', 'inherit'] });
  return join(directory, 'versitygw');
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, hostAddress);
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
