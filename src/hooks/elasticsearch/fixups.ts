import type { CopiedApplication, FixupStep, RestoreTarget } from '../adapter.js';
import { argv } from '../programs.js';
import { dataPathOf } from './facts.js';
import { prepareProgram } from './programs.js';

/**
 * One step for each member that has data, before the first start of a copy. Nothing is changed: a copy under a freeze starts as after a power failure of every node,
 * and holds no block of ours; a copy of a repository starts on empty volumes. It only looks whether an isolated copy would find the nodes of the original.
 */
export function fixups(app: CopiedApplication, target: RestoreTarget): FixupStep[] {
  return app.members
    .filter((member) => member.role !== 'coordinating')
    .map((member) => ({
      name: 'prepare',
      pod: member.pod,
      container: member.container,
      command: argv(prepareProgram, ...mustHold(app, member.pod), target.isolated ? 'isolated' : 'plain', target.from),
      description: `checks that ${app.facts['repositoryLocation'] === undefined ? 'the data of a node' : 'the repository'} is there${target.isolated ? `, and that its seeds are not names of ${target.from}` : ''}; changes nothing`,
    }));
}

/** Directory, what is in it when it is whole, and what it then holds. */
function mustHold({ facts }: CopiedApplication, pod: string): [directory: string, entry: string, what: string] {
  const { repositoryLocation: location } = facts;
  return location === undefined ? [dataPathOf(facts, pod), '_state', 'data of a node'] : [location, 'index-*', 'snapshot repository'];
}
