import { describe, expect, test } from '@jest/globals';
import { rewriteSpec } from '../../../src/api/rewrite.js';
import type { CapturedObject } from '../../../src/manifests/captured.js';
import { mapHosts } from '../../../src/manifests/hosts.js';
import { rewriteReferences } from '../../../src/manifests/rewrite.js';
import { captured } from './objects.js';

const hosts = { 'shop.example': 'drill.example', '*.shop.example': '*.drill.example' };
const rewritten = (object: CapturedObject): object => rewriteReferences(object, { namespaces: {}, storageClasses: {}, hosts }).object;

describe('where hosts are', () => {
  const from = 'shop.example';
  const to = 'drill.example';
  test.each<[string, string, (host: string) => object]>([
    ['networking.k8s.io', 'Ingress', (host) => ({ spec: { rules: [{ host, http: { paths: [] } }, { http: {} }], tls: [{ hosts: [host, 'other.example'], secretName: 'shop.example' }] } })],
    ['gateway.networking.k8s.io', 'HTTPRoute', (host) => ({ spec: { hostnames: [host], rules: [{ filters: [{ requestRedirect: { hostname: host } }], backendRefs: [{ filters: [{ urlRewrite: { hostname: host } }] }] }] } })],
    ['gateway.networking.k8s.io', 'GRPCRoute', (host) => ({ spec: { hostnames: [host] } })],
    ['gateway.networking.k8s.io', 'TLSRoute', (host) => ({ spec: { hostnames: [host] } })],
    ['gateway.networking.k8s.io', 'Gateway', (host) => ({ spec: { listeners: [{ name: 'a', hostname: host }, { name: 'b' }] } })],
    ['gateway.networking.k8s.io', 'ListenerSet', (host) => ({ spec: { listeners: [{ hostname: host }] } })],
    ['route.openshift.io', 'Route', (host) => ({ spec: { host, to: { kind: 'Service', name: 'shop.example' } } })],
    ['cert-manager.io', 'Certificate', (host) => ({ spec: { commonName: host, dnsNames: [host], secretName: 'shop.example' } })],
    ['networking.istio.io', 'Gateway', (host) => ({ spec: { servers: [{ hosts: [host] }] } })],
    ['networking.istio.io', 'VirtualService', (host) => ({ spec: { hosts: [host], tls: [{ match: [{ sniHosts: [host] }] }], http: [{ route: [{ destination: { host: 'shop.example' } }] }] } })],
    ['projectcontour.io', 'HTTPProxy', (host) => ({ spec: { virtualhost: { fqdn: host } } })],
    ['externaldns.k8s.io', 'DNSEndpoint', (host) => ({ spec: { endpoints: [{ dnsName: host, targets: ['shop.example'] }] } })],
  ])('%s %s', (group, kind, body) => {
    expect(rewritten(captured(group, kind, body(from)))).toEqual(captured(group, kind, body(to)).object);
  });

  test('the name of a DomainMapping is its host', () => {
    expect(rewritten(captured('serving.knative.dev', 'DomainMapping', {}, { name: from }))).toMatchObject({ metadata: { name: to } });
    expect(rewritten(captured('example.com', 'DomainMapping', {}, { name: from }))).toMatchObject({ metadata: { name: from } });
  });

  test('annotations of external-dns, each of several hosts, on every kind', () => {
    const annotations = { 'external-dns.alpha.kubernetes.io/hostname': 'shop.example, www.shop.example,*.shop.example', 'external-dns.alpha.kubernetes.io/internal-hostname': 'shop.example', note: 'shop.example' };
    expect(rewritten(captured('', 'Service', {}, { annotations }))).toMatchObject({
      metadata: { annotations: { 'external-dns.alpha.kubernetes.io/hostname': 'drill.example, www.shop.example,*.drill.example', 'external-dns.alpha.kubernetes.io/internal-hostname': 'drill.example', note: 'shop.example' } },
    });
  });

  test('other texts stay', () => {
    const settings = captured('', 'ConfigMap', { data: { URL: 'https://shop.example/', HOST: 'shop.example' } });
    expect(rewritten(settings)).toBe(settings.object);
  });
});

test.each<[string, string]>([
  ['shop.example', 'drill.example'],
  ['*.shop.example', '*.drill.example'],
  ['www.shop.example', 'www.shop.example'],
  ['shop.example.org', 'shop.example.org'],
  ['toString', 'toString'],
  ['', ''],
])('a host is replaced as a whole: %s: %s', (host, result) => {
  expect(mapHosts(hosts, host)).toBe(result);
});

describe('entries that are refused, by the schema', () => {
  test.each<[Record<string, string>, RegExp]>([
    [{ 'Shop.example': 'drill.example' }, /^hosts/],
    [{ 'https://shop.example': 'drill.example' }, /^hosts/],
    [{ 'shop.example': 'drill.example.' }, /^hosts\.shop\.example/],
    [{ 'shop.example': '' }, /^hosts\.shop\.example/],
    [{ 'shop.example': '*' }, /^hosts\.shop\.example/],
  ])('%j', (entries, says) => {
    expect(rewriteSpec.safeParse({ hosts: entries }).error?.issues.map(({ path }) => path.join('.')).join()).toMatch(says);
  });
});
