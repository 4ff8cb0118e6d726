import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '../../../src/runtime/client.js';
import type { Clock } from '../../../src/runtime/clock.js';
import type { ClusterConfig } from '../../../src/runtime/config.js';
import { createClient } from '../../../src/runtime/resource-client.js';
import { roleBindings, serviceAccounts } from '../../../src/runtime/resource.js';
import type { Transport } from '../../../src/runtime/transport.js';
import { createTransport } from '../../../src/runtime/transport.js';
import { kubectl } from '../../e2e/lib/kubectl.js';
import { random } from '../../e2e/lib/random.js';
import { bedPki, certificateFrom } from '../../faults/certificate.js';
import { FaultProxy, type LoggedRequest } from '../../faults/proxy.js';
import type { Bed } from '../runtime/bed.js';
import { openBed } from '../runtime/bed.js';

/** The test cluster, and a client of it behind a fault proxy; `direct` goes past the proxy. */
export interface FaultBed {
  readonly direct: Bed;
  readonly namespace: string;
  readonly proxy: FaultProxy;
  readonly transport: Transport;
  readonly client: Client;
  /** Requests whose path matches, since the proxy was cleared. */
  requests(path: RegExp): LoggedRequest[];
  close(): Promise<void>;
}

/** The seed decides what rules with a probability do. */
export async function openFaultBed(seed = 1): Promise<FaultBed> {
  const direct = await openBed();
  const { namespace, client: admin, clock } = direct;
  await admin.create(serviceAccounts, { metadata: { name: 'faults', namespace } });
  await admin.create(roleBindings, {
    metadata: { name: 'faults', namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'faults', namespace }],
  });
  const token = await kubectl(['-n', namespace, 'create', 'token', 'faults']);
  const ca = readFileSync(join(bedPki(), 'ca.crt'), 'utf8');
  const proxy = await FaultProxy.listen({ target: direct.config.server, ca, certificate: certificateFrom(bedPki()), host: '127.0.0.1', port: 0, random: random(seed) });
  const config: ClusterConfig = {
    server: new URL(`https://127.0.0.1:${proxy.port}`),
    namespace,
    credentials: () => Promise.resolve({ headers: { Authorization: `Bearer ${token}` }, tls: { ca }, tlsId: 'faults' }),
  };
  const transport = createTransport(config, { clock, userAgent: 'faults-test/1' });
  return {
    direct,
    namespace,
    proxy,
    transport,
    client: createClient(transport, { fieldManager: 'faults-test' }),
    requests: (path) => proxy.requests.filter((r) => path.test(r.path)),
    close: async () => {
      transport.close();
      await proxy.close();
      await direct.close();
    },
  };
}

/** A clock on which everything takes a part of its time: for limits of minutes. */
export function fastClock(clock: Clock, factor: number): Clock {
  return { now: () => clock.now(), monotonic: () => clock.monotonic() * factor, after: (millis, callback) => clock.after(millis / factor, callback) };
}
