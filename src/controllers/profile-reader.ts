import { createHash } from 'node:crypto';
import { fail } from '../api/errors.js';
import { quiesceProfiles, type QuiesceProfile } from '../api/kinds.js';
import { quiesceProfileSpec } from '../api/quiesceprofile.js';
import type { Profile, ProfileReader } from '../hooks/profile.js';
import { canonicalJson } from '../manifests/captured.js';
import { isForbidden, isNotFound } from '../runtime/api-error.js';
import type { Client } from '../runtime/client.js';
import { userOf, type ServiceAccountRef } from '../runtime/service-account.js';

/**
 * Reads QuiesceProfiles of the account's namespace as the account, each once: whoever keeps the reader uses the same bytes
 * for the plan and for what is run.
 */
export function profileReader(client: Client, account: ServiceAccountRef): ProfileReader {
  const read = new Map<string, Promise<Profile>>();
  return (name) => {
    const known = read.get(name) ?? readProfile(client, account, name);
    read.set(name, known);
    return known;
  };
}

async function readProfile(client: Client, account: ServiceAccountRef, name: string): Promise<Profile> {
  const { namespace } = account;
  const { spec } = await getProfile(client, account, name);
  // The API server has checked the schema; this catches what an older CRD may have let pass.
  const parsed = quiesceProfileSpec.safeParse(spec);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw fail('InvalidSpec', `QuiesceProfile ${name} in namespace ${namespace}: spec.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
  }
  return { name, digest: createHash('sha256').update(canonicalJson(parsed.data)).digest('hex'), spec: parsed.data };
}

async function getProfile(client: Client, account: ServiceAccountRef, name: string): Promise<QuiesceProfile> {
  const { namespace } = account;
  try {
    return await client.as(account).get<QuiesceProfile>(quiesceProfiles, { namespace, name });
  } catch (error) {
    if (isNotFound(error)) throw fail('ProfileNotFound', `There is no QuiesceProfile ${name} in namespace ${namespace}, which spec.applications[].profileRef names: create it, or correct the name.`, { cause: error });
    if (isForbidden(error)) throw fail('ProfileNotFound', `${userOf(account)} may not get QuiesceProfile ${name} in namespace ${namespace}: bind the ClusterRole stillpoint-tenant to it.`, { cause: error });
    throw error;
  }
}
