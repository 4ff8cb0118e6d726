import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from './clock.js';

export interface TlsMaterial {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** What authenticates us and the server to each other. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
  /** Changes when the TLS material does: connections made with another one must not be used for new requests. */
  readonly tlsId: string;
}

/** One API server and how to authenticate to it. */
export interface ClusterConfig {
  readonly server: URL;
  /** Of the current context, or of the pod we run in. */
  readonly namespace: string | undefined;
  /** Read again from files and plug-ins at most every 60 s; `fresh` forces it (the server said 401). */
  credentials(fresh?: boolean): Promise<Credentials>;
}

const rereadMillis = 60_000;

/**
 * The configuration of KUBECONFIG, of the user's home or of the pod we run in, in this order; with `context` that one.
 * Throws when there is none, or when it is not https.
 */
export function loadConfig(options: { clock: Clock; context?: string }): ClusterConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  if (options.context !== undefined) kubeConfig.setCurrentContext(options.context);
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null) throw new Error('no cluster configured: set KUBECONFIG, or run in a pod');
  const server = new URL(cluster.server);
  if (server.protocol !== 'https:') throw new Error(`the API server must be https, not ${cluster.server}: is KUBECONFIG set?`);
  return {
    server,
    namespace: kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace,
    credentials: cached(options.clock, () => readCredentials(kubeConfig)),
  };
}

function cached(clock: Clock, read: () => Promise<Credentials>): ClusterConfig['credentials'] {
  let last: { readAt: number; value: Promise<Credentials> } | undefined;
  return (fresh = false) => {
    const now = clock.monotonic();
    if (last === undefined || fresh || now - last.readAt > rereadMillis) {
      const value = read();
      const entry = { readAt: now, value };
      last = entry;
      // A failed read is not kept: the next request tries again.
      value.catch(() => {
        if (last === entry) last = undefined;
      });
    }
    return last.value;
  };
}

async function readCredentials(kubeConfig: KubeConfig): Promise<Credentials> {
  // The library also makes an agent without keep-alive here; it is not used.
  const headers: Record<string, string> = {};
  const options: RequestOptions = { headers };
  await kubeConfig.applyToHTTPSOptions(options);
  const { ca, cert, key, servername, rejectUnauthorized, auth } = options;
  if (auth != null) headers['Authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
  const tls = withoutUndefined({ ca, cert, key, servername, rejectUnauthorized }) as TlsMaterial;
  return { headers, tls, tlsId: fingerprint(tls) };
}

function withoutUndefined(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== null));
}

function fingerprint(tls: TlsMaterial): string {
  const hash = createHash('sha256');
  for (const part of [tls.ca, tls.cert, tls.key]) hash.update(part ?? '').update('\0');
  return hash.update(`${tls.servername ?? ''} ${tls.rejectUnauthorized ?? true}`).digest('hex');
}
