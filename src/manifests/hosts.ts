import type { ResourceType } from '../runtime/resource.js';
import type { Path } from './json.js';
import { kindKey } from './pod-templates.js';

const routeHosts: readonly Path[] = [['spec', 'hostnames', '*']];
const listenerHosts: readonly Path[] = [['spec', 'listeners', '*', 'hostname']];

/** Where objects of a kind name a DNS host. `*` is every element. Names of Services are none. */
const hostFields: Readonly<Record<string, readonly Path[]>> = {
  'networking.k8s.io/Ingress': [
    ['spec', 'rules', '*', 'host'],
    ['spec', 'tls', '*', 'hosts', '*'],
  ],
  'gateway.networking.k8s.io/HTTPRoute': [
    ...routeHosts,
    ...['requestRedirect', 'urlRewrite'].flatMap((filter): Path[] => [
      ['spec', 'rules', '*', 'filters', '*', filter, 'hostname'],
      ['spec', 'rules', '*', 'backendRefs', '*', 'filters', '*', filter, 'hostname'],
    ]),
  ],
  'gateway.networking.k8s.io/GRPCRoute': routeHosts,
  'gateway.networking.k8s.io/TLSRoute': routeHosts,
  'gateway.networking.k8s.io/Gateway': listenerHosts,
  'gateway.networking.k8s.io/ListenerSet': listenerHosts,
  'route.openshift.io/Route': [['spec', 'host']],
  'cert-manager.io/Certificate': [
    ['spec', 'dnsNames', '*'],
    ['spec', 'commonName'],
  ],
  // Its name is the host.
  'serving.knative.dev/DomainMapping': [['metadata', 'name']],
  'networking.istio.io/Gateway': [['spec', 'servers', '*', 'hosts', '*']],
  'networking.istio.io/VirtualService': [
    ['spec', 'hosts', '*'],
    ['spec', 'tls', '*', 'match', '*', 'sniHosts', '*'],
  ],
  'projectcontour.io/HTTPProxy': [['spec', 'virtualhost', 'fqdn']],
  'externaldns.k8s.io/DNSEndpoint': [['spec', 'endpoints', '*', 'dnsName']],
};

/** external-dns reads them on many kinds; several hosts are set apart by commas. */
const hostAnnotations: readonly Path[] = ['hostname', 'internal-hostname'].map((name) => ['metadata', 'annotations', `external-dns.alpha.kubernetes.io/${name}`]);

/** Paths whose value is a DNS host, or a list of them in one text. */
export function hostPaths(kind: Pick<ResourceType, 'group' | 'kind'>): readonly Path[] {
  return [...hostAnnotations, ...(hostFields[kindKey(kind)] ?? [])];
}

/** The text with every host replaced that is a key of the map. Pure. */
export function mapHosts(hosts: Readonly<Record<string, string>>, text: string): string {
  const mapped = (part: string): string => {
    const host = part.trim();
    return Object.hasOwn(hosts, host) ? part.replace(host, () => hosts[host] ?? host) : part;
  };
  return text.split(',').map(mapped).join(',');
}
