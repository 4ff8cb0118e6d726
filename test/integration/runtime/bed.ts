import { randomBytes } from 'node:crypto';
import type { Logger } from '../../../src/observability/logger.js';
import { createLogger } from '../../../src/observability/logger.js';
import type { Client } from '../../../src/runtime/client.js';
import type { Clock } from '../../../src/runtime/clock.js';
import { systemClock } from '../../../src/runtime/clock.js';
import type { ClusterConfig } from '../../../src/runtime/config.js';
import { loadConfig } from '../../../src/runtime/config.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import { createClient } from '../../../src/runtime/resource-client.js';
import type { ResourceType } from '../../../src/runtime/resource.js';
import { namespaces } from '../../../src/runtime/resource.js';
import type { Transport } from '../../../src/runtime/transport.js';
import { createTransport } from '../../../src/runtime/transport.js';
import { TcpRelay } from './tcp-relay.js';

export const configMaps: ResourceType = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };
export const roles: ResourceType = { group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'roles', kind: 'Role', namespaced: true };

/** The cluster of KUBECONFIG, a namespace of this test file in it, and a way through a relay that can be cut. */
export interface Bed {
  readonly config: ClusterConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly transport: Transport;
  readonly client: Client;
  readonly namespace: string;
  /** A transport of its own through a relay of its own. */
  relayed(): Promise<{ relay: TcpRelay; transport: Transport; client: Client }>;
  close(): Promise<void>;
}

export async function openBed(): Promise<Bed> {
  const clock = systemClock();
  const log = createLogger({ level: 'error' });
  const config = loadConfig({ clock });
  const transport = createTransport(config, { clock, userAgent: 'runtime-test/1' });
  const client = createClient(transport, { fieldManager: 'runtime-test' });
  const namespace = `runtime-test-${randomBytes(4).toString('hex')}`;
  await client.create(namespaces, { metadata: { name: namespace } });
  const closers: (() => Promise<void>)[] = [];
  return {
    config,
    clock,
    log,
    transport,
    client,
    namespace,
    relayed: async () => {
      const relay = await TcpRelay.listen(config.server);
      const through = createTransport(behind(config, relay.port), { clock, userAgent: 'runtime-test/1' });
      closers.push(async () => {
        through.close();
        await relay.close();
      });
      return { relay, transport: through, client: createClient(through, { fieldManager: 'runtime-test' }) };
    },
    close: async () => {
      for (const close of closers) await close();
      await client.delete(namespaces, { name: namespace });
      transport.close();
    },
  };
}

/** The same server and credentials at another port of this host; the certificate is still checked against the server's own name. */
function behind(config: ClusterConfig, port: number): ClusterConfig {
  return {
    ...config,
    server: new URL(`https://127.0.0.1:${port}`),
    credentials: async (fresh) => {
      const credentials = await config.credentials(fresh);
      return { ...credentials, tls: { servername: 'kubernetes', ...credentials.tls } };
    },
  };
}

export function configMap(namespace: string, name: string, data: Record<string, string> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}
