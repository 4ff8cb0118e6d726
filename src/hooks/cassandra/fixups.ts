import { fail } from '../../api/errors.js';
import type { CopiedApplication, FixupStep, RestoreTarget } from '../adapter.js';
import { argv } from '../programs.js';
import { ringOf } from './facts.js';
import { apartProgram } from './programs.js';

/** How long a node of the original is waited for, when nothing answers at all. */
const patienceSeconds = 3;

/**
 * Host ids, tokens and the name of the cluster come with the volumes and must stay as they are; new addresses are learned by
 * gossip. What a clone needs is distance: a node of the original that it reaches would take it for a member that has moved.
 * So one step before the first start tries to reach them all, and fails when it does. Throws AppError RestoreFailed without the facts.
 */
export function fixups(app: CopiedApplication, target: RestoreTarget): FixupStep[] {
  const [member] = app.members;
  if (!target.isolated || member === undefined) return [];
  const ring = ringOf(app.facts);
  const port = app.facts['storagePort'];
  if (ring === undefined || port === undefined) throw fail('RestoreFailed', `${app.name} carries no facts of its ring, so that nothing keeps its copy from joining the original: restore what: Volumes.`);
  return [
    {
      name: 'apart',
      pod: member.pod,
      container: member.container,
      command: argv(apartProgram, String(patienceSeconds), ...ring.map((node) => `${node.address} ${port}`)),
      description: `checks that no node of the original in ${target.from} can be reached from ${target.to}`,
    },
  ];
}
