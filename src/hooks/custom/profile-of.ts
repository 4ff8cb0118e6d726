import type { AdapterContext, Detected } from '../adapter.js';
import type { Profile, ProfileReader } from '../profile.js';
import type { CommandPlace } from './command.js';

/** The profile of an application. Throws AppError ProfileNotFound or InvalidSpec. */
export async function profileOf(app: Pick<Detected, 'name' | 'profile'>, profile: ProfileReader): Promise<Profile> {
  if (app.profile === undefined) throw new Error(`application ${app.name} of kind Custom without a profile`);
  return profile(app.profile.name);
}

/** How messages name a field of the profile. */
export function fieldOf(profile: Pick<Profile, 'name'>, field: string): string {
  return `QuiesceProfile ${profile.name}: spec.${field}`;
}

/** The server's container in each pod of a running application. */
export function placesOf(app: Detected, context: AdapterContext): CommandPlace[] {
  const { exec, account, secret, signal } = context;
  return app.pods.map((pod) => ({ exec, account, secret, signal, namespace: context.view.namespace, pod, container: app.container[pod] ?? '' }));
}
