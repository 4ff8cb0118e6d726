import type { AdapterContext, Blocker, Detected, Preflight } from '../../adapter.js';
import { isNeeded, type Member } from '../cluster.js';
import { findPaths, type NodeData } from '../data.js';
import { firstOf, type Node } from '../node.js';
import { some } from '../words.js';
import { repositoriesOfCluster, rootsOfNodes } from './answers.js';
import { candidatesOf, chooseRepository, type Candidate, type LocatedCandidate, type Repository } from './choice.js';
import { findSnapshot, progressOf, snapshotName } from './snapshot.js';

interface Looked {
  readonly nodes: readonly Node[];
  readonly members: readonly Member[];
  readonly data: readonly NodeData[];
}

/** What mode Repository finds beside what every copy looks at. Reads only. Throws as requests do. */
export async function lookForRepository(app: Detected, looked: Looked, context: AdapterContext): Promise<Pick<Preflight, 'blockers' | 'facts' | 'online'>> {
  const { nodes, data } = looked;
  const repository = await findRepository(app, looked, context);
  const blockers = [...('code' in repository ? [repository] : []), ...dataBlockers(app.name, data)];
  if ('code' in repository || blockers.length > 0) return { blockers, facts: {} };
  const name = snapshotName(context.setId);
  const running = await firstOf(nodes, (node) => findSnapshot(node, repository.name, name)).then((found) => (found?.state === 'IN_PROGRESS' ? progressOf(repository.name, found) : undefined));
  return {
    blockers: running === undefined ? [] : [{ code: 'RepositorySnapshotRunning', message: running }],
    facts: { repository: repository.name, repositoryLocation: repository.location, repositoryClaim: repository.claim, snapshot: name },
    online: { mode: 'Repository', lastClaims: [] },
  };
}

async function findRepository(app: Detected, { nodes, members }: Looked, context: AdapterContext): Promise<Repository | Blocker> {
  const [registered, { nodes: settings = {} }] = await firstOf(nodes, (node) => node.read([repositoriesOfCluster, rootsOfNodes]));
  const candidates = candidatesOf(app, registered, Object.values(settings)[0]?.settings.path.repo ?? []);
  if ('code' in candidates) return candidates;
  const needing = nodes.filter((node) => members.some((m) => m.pod === node.pod && isNeeded(m)));
  return chooseRepository(app, await Promise.all(candidates.map((candidate) => locateCandidate(candidate, needing, context))));
}

async function locateCandidate(candidate: Candidate, nodes: readonly Node[], context: AdapterContext): Promise<LocatedCandidate> {
  const what = `location of the repository ${candidate.name}`;
  const located = await Promise.all(nodes.map((node) => findPaths(node, [{ what, path: candidate.location }], context)));
  return { ...candidate, claims: [...new Set(located.flatMap((l) => Object.values(l.claims)))].sort(), blockers: located.flatMap((l) => l.blockers) };
}

/** Data that is cut while its servers run is worth nothing to a cluster of several nodes, and in the way of a restore, which begins on empty volumes. Pure. */
export function dataBlockers(name: string, data: readonly NodeData[]): Blocker[] {
  const claims = [...new Set(data.flatMap((d) => d.claims))].sort();
  if (claims.length === 0) return [];
  const message = `spec.applications[].mode Repository is not possible for ${name} while the claims of its data are in the copy (${some(claims)}), because a restore begins on empty ones: leave them out with spec.selector, and let it match the claim of the repository, which has to be another.`;
  return [{ code: 'HoldNotPossible', message }];
}
