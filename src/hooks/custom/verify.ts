import type { Check } from '../../api/common.js';
import { AppError } from '../../runtime/app-error.js';
import type { CopiedApplication, RestoreContext } from '../adapter.js';
import type { Profile } from '../profile.js';
import { runCommand } from './command.js';
import { fieldOf, profileOf } from './profile-of.js';

/**
 * The checks of the QuiesceProfile that stands in the namespace, if it is the one of the copy: its spec came with the copy
 * and was made by the account, so that nothing is run that the account's own rights did not put there.
 */
export async function verify(app: CopiedApplication, context: RestoreContext): Promise<Check[]> {
  const profile = await sameProfile(app, context);
  if ('outcome' in profile) return [profile];
  const checks = profile.spec.checks ?? [];
  if (checks.length === 0) return [{ name: 'checks', outcome: 'Skipped', message: `QuiesceProfile ${profile.name} has no checks.` }];
  const several = app.members.length > 1;
  const results = await Promise.all(app.members.map(async (member) => {
    const rows: Check[] = [];
    // In their order: a check may prepare the next.
    for (const index of checks.keys()) rows.push(await checkOne(profile, index, member, several, context));
    return rows;
  }));
  return results.flat();
}

async function sameProfile(app: CopiedApplication, context: RestoreContext): Promise<Profile | Check> {
  const unknown = (message: string): Check => ({ name: 'QuiesceProfile', outcome: 'Unknown', message });
  try {
    const profile = await profileOf(app, context.profile);
    if (profile.digest === app.profile?.digest) return profile;
    return unknown(`QuiesceProfile ${profile.name} in namespace ${context.namespace} is not the one of the copy: its checks were not run.`);
  } catch (error) {
    if (error instanceof AppError && (error.code === 'ProfileNotFound' || error.code === 'InvalidSpec')) return unknown(`${error.publicMessage} Its checks were not run.`);
    throw error;
  }
}

async function checkOne(profile: Profile, index: number, member: CopiedApplication['members'][number], several: boolean, context: RestoreContext): Promise<Check> {
  const check = profile.spec.checks?.[index];
  if (check === undefined) throw new RangeError(`no check ${index}`);
  const name = several ? `${check.name} (${member.pod})` : check.name;
  const pod = context.pods.get(member.pod);
  if (pod === undefined) return { name, outcome: 'Unknown', message: `The restored application has no ready pod ${member.pod}.` };
  const { exec, account, namespace, secret, signal } = context;
  const field = fieldOf(profile, `checks[${index}]`);
  const outcome = await runCommand(check, field, { exec, account, namespace, secret, signal, pod: pod.metadata.name, container: member.container });
  switch (outcome.kind) {
    case 'succeeded':
      return { name, outcome: 'Passed' };
    case 'failed':
      return { name, outcome: 'Failed', message: `${field} ${outcome.why}.` };
    case 'unknown':
      return { name, outcome: 'Unknown', message: `${field}: ${outcome.why}.` };
  }
}
