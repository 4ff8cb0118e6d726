import type { ApplicationKind } from '../../src/api/common.js';
import { openPostgresql, startPostgresql } from '../apps/postgresql/tokens.js';
import type { TokenStore } from './token-store.js';

/** A database of the proof. */
export interface ProofApplication {
  /** As in APPS=. */
  readonly name: string;
  readonly kind: ApplicationKind;
  /** Applies its objects to a namespace and resolves when it serves. */
  start(namespace: string): Promise<void>;
  /** Clients of the one in a namespace. */
  open(namespace: string): Promise<TokenStore>;
}

const applications: readonly ProofApplication[] = [{ name: 'postgresql', kind: 'PostgreSQL', start: startPostgresql, open: openPostgresql }];

/** The applications of a list such as `postgresql,kafka`. Throws with the names that there are. */
export function applicationsNamed(list: string): ProofApplication[] {
  return list.split(',').map((name) => {
    const known = applications.find((app) => app.name === name.trim());
    if (known === undefined) throw new Error(`APPS: ${name} is none of ${applications.map((app) => app.name).join(', ')}`);
    return known;
  });
}
