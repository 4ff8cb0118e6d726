import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Where pods of the test cluster reach the host. */
export const hostAddress = '10.244.0.1';

/** Certificates and keys of the test cluster BED. */
export function bedPki(): string {
  return join(process.env['STILLPOINT_BED'] ?? '/var/tmp/stillpoint-bed', process.env['BED'] ?? 'a', 'pki');
}

/** Names of the host of the test cluster, as its pods see it. */
const hostNames = `IP:${hostAddress},IP:127.0.0.1,DNS:localhost,DNS:kubernetes`;

/** A server certificate for the host of the test cluster, or for other names, signed by its authority (`<pki>/ca.crt`, `ca.key`), valid for two days. */
export function certificateFrom(pki: string, names = hostNames): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'stillpoint-faults-'));
  const file = (name: string): string => join(directory, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    writeFileSync(file('extensions'), `keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=${names}\n`);
    openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=fault-proxy', '-keyout', file('key'), '-out', file('request'));
    openssl('x509', '-req', '-in', file('request'), '-CA', join(pki, 'ca.crt'), '-CAkey', join(pki, 'ca.key'), '-days', '2', '-extfile', file('extensions'), '-out', file('cert'));
    return { cert: readFileSync(file('cert'), 'utf8'), key: readFileSync(file('key'), 'utf8') };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
