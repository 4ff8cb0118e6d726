import { isIP } from 'node:net';
import type { BackupTarget } from '../api/kinds.js';
import type { KubeObject, OwnerReference } from '../runtime/object.js';
import { moverLabels } from './job.js';

const dns = { ports: [{ port: 53, protocol: 'UDP' }, { port: 53, protocol: 'TCP' }] };

/** What pods of a target's movers may talk to: names, and the endpoint. Nobody may talk to them. It holds where the network of the cluster enforces NetworkPolicies. Pure. */
export function moverPolicy(target: BackupTarget, name: string, owner: OwnerReference): KubeObject {
  const { uid, namespace } = target.metadata;
  const own = moverLabels(uid);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, labels: own, ownerReferences: [owner] },
    spec: { podSelector: { matchLabels: own }, policyTypes: ['Ingress', 'Egress'], ingress: [], egress: target.spec.s3 === undefined ? [] : [dns, toEndpoint(new URL(target.spec.s3.endpoint))] },
  };
}

/** A name outside the cluster has addresses that change: then its port is all that can be said. Ports of a Service are not those of its pods, which is what a policy sees. */
function toEndpoint({ hostname, port, protocol }: URL): Record<string, unknown> {
  const ports = [{ port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port), protocol: 'TCP' }];
  const service = /^[a-z0-9-]+\.([a-z0-9-]+)\.svc(\.|$)/.exec(hostname);
  if (service?.[1] !== undefined) return { to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': service[1] } } }] };
  return isIP(hostname) === 4 ? { to: [{ ipBlock: { cidr: `${hostname}/32` } }], ports } : { ports };
}
