import { fail } from '../../api/errors.js';
import type { CopiedApplication, FixupStep, RestoreTarget } from '../adapter.js';
import { nodeInFacts } from './facts.js';
import { argv } from '../programs.js';
import { prepareProgram } from './programs.js';

/**
 * One step for each node before the first start, which only looks: every volume must be that of its node. Cluster id, node ids and metadata stay. Throws
 * AppError RestoreFailed for a clone whose nodes know each other by names that lead to the originals.
 */
export function fixups(app: CopiedApplication, target: RestoreTarget): FixupStep[] {
  const leading = target.isolated ? leadingElsewhere(app) : [];
  if (leading.length > 0) {
    throw fail(
      'RestoreFailed',
      `The nodes of ${app.name} know each other by ${leading.slice(0, 3).join(', ')}, which lead to the originals in ${target.from} from every namespace: with these names in its log a clone would vote and fetch in the original cluster. Let the brokers advertise POD.SERVICE without a namespace and copy anew, or restore what: Volumes.`,
    );
  }
  return app.members.map(({ pod, container }) => {
    const node = nodeInFacts(app.facts, pod);
    return {
      name: 'prepare',
      pod,
      container,
      command: argv(prepareProgram, app.facts['clusterId'] ?? '', node?.id ?? '', ...(node?.directories ?? [])),
      description: `checks that the volumes are those of node ${node?.id ?? 'unknown'} of cluster ${app.facts['clusterId'] ?? 'unknown'}`,
    };
  });
}

/** Names that do not depend on the namespace of who asks: anything but `SERVICE`, `POD` and `POD.SERVICE`. */
function leadingElsewhere(app: CopiedApplication): string[] {
  const pods = new Set(app.members.map((m) => m.pod));
  const peers = (app.facts['peers'] ?? '').split(', ').filter((host) => host !== '');
  return peers.filter((host) => {
    const [first = '', ...rest] = host.split('.');
    return host.includes(':') || !(rest.length === 0 || (rest.length === 1 && pods.has(first)));
  });
}
