import { createClient } from '../runtime/resource-client.js';
import type { Client } from '../runtime/client.js';
import { systemClock } from '../runtime/clock.js';
import { loadConfig } from '../runtime/config.js';
import { createTransport, type Transport } from '../runtime/transport.js';

/** The cluster as the caller's kubeconfig names it; the plugin has the caller's rights and no others. */
export interface Connection {
  readonly client: Client;
  readonly transport: Transport;
  /** `--namespace`, or the namespace of the context, or `default`. */
  readonly namespace: string;
}

export function connect(options: { namespace: string | undefined; context: string | undefined }): Connection {
  const clock = systemClock();
  const config = loadConfig({ clock, ...(options.context === undefined ? {} : { context: options.context }) });
  const transport = createTransport(config, { clock, userAgent: 'kubectl-stillpoint/0.1.0' });
  return { transport, client: createClient(transport, { fieldManager: 'kubectl-stillpoint' }), namespace: options.namespace ?? config.namespace ?? 'default' };
}
