import type { CopiedApplication, FixupStep, RestoreTarget } from '../adapter.js';
import { argv } from '../programs.js';
import { dataPathOf } from './facts.js';
import { prepareProgram } from './programs.js';

/**
 * One step for each member that has data, before the first start of a copy. Nothing is changed: a copy under a freeze starts as after a power failure of every node,
 * and holds no block of ours. It only looks whether an isolated copy would find the nodes of the original.
 */
export function fixups(app: CopiedApplication, target: RestoreTarget): FixupStep[] {
  return app.members
    .filter((member) => member.role !== 'coordinating')
    .map((member) => ({
      name: 'prepare',
      pod: member.pod,
      container: member.container,
      command: argv(prepareProgram, dataPathOf(app.facts, member.pod), target.isolated ? 'isolated' : 'plain', target.from),
      description: `checks that the data of a node is there${target.isolated ? `, and that its seeds are not names of ${target.from}` : ''}; changes nothing`,
    }));
}
