import { durationMillis } from '../../api/common.js';
import type { QuiesceProfileSpec } from '../../api/quiesceprofile.js';
import type { AdapterContext, Blocker, Cap, Detected, Preflight } from '../adapter.js';
import type { FenceCommand, FenceProgram } from '../hold/fence.js';
import { profileOf } from './profile-of.js';

/** What the profile says, in the words of the plan. Nothing is run. */
export async function preflight(app: Detected, context: AdapterContext): Promise<Preflight> {
  const { name, digest, spec } = await profileOf(app, context.profile);
  const hardLimitMillis = durationMillis(spec.tolerates.maxHold);
  const fence = fenceOf(spec);
  return {
    version: undefined,
    roles: {},
    blockers: blockersOf(app, name, spec),
    caps: capsOf(app, name, spec),
    processName: spec.processName ?? '',
    settleMillis: 0,
    gatePorts: [],
    softLimitMillis: spec.tolerates.noticedAfter === undefined ? hardLimitMillis : durationMillis(spec.tolerates.noticedAfter),
    hardLimitMillis,
    facts: {},
    profile: { name, digest },
    ...(fence === undefined ? {} : { fence }),
  };
}

function blockersOf(app: Detected, name: string, spec: QuiesceProfileSpec): Blocker[] {
  if (app.mode !== 'Freeze' || spec.hold === 'Freeze') return [];
  return [{ code: 'HoldNotPossible', message: `${app.by}.mode is Freeze, but QuiesceProfile ${name} says hold Fence: set mode Auto, or name a profile with hold Freeze.` }];
}

function capsOf(app: Detected, name: string, spec: QuiesceProfileSpec): Cap[] {
  if (spec.recovery === 'Durable') return [];
  return [{ grade: 'CrashConsistentSynced', reason: `QuiesceProfile ${name} does not state how ${app.name} recovers what it acknowledged (spec.recovery is Unknown).` }];
}

function fenceOf({ fence, position }: QuiesceProfileSpec): FenceProgram | undefined {
  if (fence === undefined) return undefined;
  return { engage: commandOf(fence.engage), verify: commandOf(fence.verify), release: commandOf(fence.release), position: position === undefined ? undefined : commandOf(position) };
}

/** The longest that the protocol of the holder takes for one command, ms. */
const longestMillis = 5000;

function commandOf({ command, timeout, expect }: { command: readonly string[]; timeout: string; expect?: string | undefined }): FenceCommand {
  return { command, timeoutMillis: Math.min(durationMillis(timeout), longestMillis), expect };
}
