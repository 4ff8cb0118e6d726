import { fail } from '../../api/errors.js';
import type { AdapterContext, Cap, Detected, Positions } from '../adapter.js';
import type { Profile } from '../profile.js';
import { runCommand, type CommandPlace } from './command.js';
import { fieldOf, placesOf, profileOf } from './profile-of.js';

/** Longest value that status keeps. */
const valueLength = 256;

/**
 * Runs the warm-up of the profile, one step after the other and in all pods in parallel, then asks for the position.
 * Positions: `before`, if the profile has a command for it. Throws AppError ProfileCommandFailed.
 */
export async function warmUp(app: Detected, context: AdapterContext): Promise<Positions> {
  const profile = await profileOf(app, context.profile);
  const places = placesOf(app, context);
  for (const [index, step] of (profile.spec.warmUp ?? []).entries()) {
    const field = fieldOf(profile, `warmUp[${index}]`);
    await Promise.all(
      places.map(async (place) => {
        const outcome = await runCommand(step, field, place);
        if (outcome.kind !== 'succeeded') throw fail('ProfileCommandFailed', `${field} (${step.name}) in pod ${place.pod} ${outcome.why}.`);
      }),
    );
  }
  return positionOf('before', profile, places);
}

/**
 * Asks again after the release. Positions: `after`. A profile that was changed since the plan is not run, since what it says
 * now was not in the plan: then `changed` says which.
 */
export async function evidence(app: Detected, context: AdapterContext): Promise<Positions> {
  const profile = await profileOf(app, context.profile);
  if (profile.digest !== app.profile?.digest) return { changed: profile.name };
  return positionOf('after', profile, placesOf(app, context));
}

/** Only the holder's own comparison, inside the fence, says that nothing moved: under a freeze the two differ by what came before it. */
export function contradictions(_before: Positions, after: Positions): Cap[] {
  const { changed } = after;
  if (changed === undefined) return [];
  return [{ grade: 'CrashConsistent', reason: `QuiesceProfile ${changed} was changed between the plan and the end of the window: nothing confirms the hold from inside.` }];
}

async function positionOf(key: 'before' | 'after', profile: Profile, places: readonly CommandPlace[]): Promise<Positions> {
  const { position } = profile.spec;
  if (position === undefined) return {};
  const field = fieldOf(profile, 'position');
  const found = await Promise.all(
    places.map(async (place) => {
      const outcome = await runCommand(position, field, place);
      const [line = '', ...more] = outcome.kind === 'succeeded' ? outcome.lines : [];
      if (outcome.kind === 'succeeded' && more.length === 0 && line !== '' && !/\p{Cc}/u.test(line)) return places.length === 1 ? line : `${place.pod} ${line}`;
      throw fail('ProfileCommandFailed', `${field} in pod ${place.pod} ${outcome.kind === 'succeeded' ? 'did not print exactly one line' : outcome.why}.`);
    }),
  );
  return { [key]: found.join(', ').slice(0, valueLength) };
}
