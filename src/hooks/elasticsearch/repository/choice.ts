import type { Blocker, Detected } from '../../adapter.js';
import { some } from '../words.js';
import type { Repositories } from './answers.js';

/** A repository that could be used, as far as the server's list says. */
export interface Candidate {
  readonly name: string;
  /** Absolute, as the nodes name it. */
  readonly location: string;
}

/** A candidate and where its location lies in the containers of all nodes that need it. */
export interface LocatedCandidate extends Candidate {
  readonly claims: readonly string[];
  readonly blockers: readonly Blocker[];
}

/** A repository on one claim of the copy. */
export interface Repository extends Candidate {
  readonly claim: string;
}

const field = 'spec.applications[].repository';
const wanted = 'mode Repository needs one of type fs whose location lies on a claim of the copy that every node mounts';
const unusable = (message: string): Blocker => ({ code: 'RepositoryNotUsable', message });

/** Why a registered repository cannot be used; undefined for a candidate. */
function problem(name: string, { type, settings }: Repositories[string], roots: readonly string[]): string | undefined {
  if (type !== 'fs') return `repository ${name} is of type ${type}`;
  if (settings.readonly) return `repository ${name} is registered as readonly, so that no snapshot can be taken into it: register it without readonly, if no other cluster writes to it`;
  if (absolute(settings.location ?? '', roots) === undefined) return `the location of repository ${name} (${settings.location ?? 'none'}) is relative, and the nodes do not say what path.repo is: register it with an absolute location`;
  return undefined;
}

function absolute(location: string, roots: readonly string[]): string | undefined {
  if (location.startsWith('/')) return location;
  const [first] = roots;
  return location === '' || first === undefined ? undefined : `${first.replace(/\/$/, '')}/${location}`;
}

/** The repositories that may be meant, or why there is none, with the way out. Pure. @param roots `path.repo` of a node */
export function candidatesOf(app: Pick<Detected, 'name' | 'repository'>, registered: Repositories, roots: readonly string[]): Candidate[] | Blocker {
  const names = Object.keys(registered).sort();
  if (names.length === 0) {
    return unusable(`No snapshot repository is registered in the cluster of ${app.name}, and ${wanted}: mount one into all of them, name its path in path.repo, and register it with PUT _snapshot/NAME.`);
  }
  const { repository } = app;
  if (repository !== undefined && registered[repository] === undefined) return unusable(`${field}: no repository ${repository} is registered in the cluster of ${app.name}; there are ${some(names)}.`);
  const meant = repository === undefined ? names : [repository];
  const looked = meant.map((name) => ({ name, why: problem(name, registered[name] as Repositories[string], roots), location: absolute(registered[name]?.settings.location ?? '', roots) ?? '' }));
  const candidates = looked.flatMap(({ name, why, location }) => (why === undefined ? [{ name, location }] : []));
  if (candidates.length > 0) return candidates;
  return unusable(`${repository === undefined ? '' : `${field}: `}In the cluster of ${app.name} ${some(looked.flatMap(({ why }) => why ?? []))}; ${wanted}.`);
}

/** The one that lies on a claim of the copy, or why none or several do. Pure. */
export function chooseRepository(app: Pick<Detected, 'name'>, located: readonly LocatedCandidate[]): Repository | Blocker {
  const usable = located.filter(({ claims, blockers }) => blockers.length === 0 && claims.length === 1);
  const [only, ...others] = usable;
  if (only !== undefined && others.length === 0) return { name: only.name, location: only.location, claim: only.claims[0] ?? '' };
  if (only !== undefined) return unusable(`Several repositories of ${app.name} lie on claims of the copy (${some(usable.map((r) => r.name))}): name the one to use in ${field}.`);
  const split = located.find(({ claims, blockers }) => blockers.length === 0 && claims.length > 1);
  if (split !== undefined) return unusable(`The nodes of ${app.name} have the location of repository ${split.name} (${split.location}) on different claims (${some(split.claims)}): mount one claim into all of them.`);
  return located.flatMap((r) => r.blockers)[0] ?? unusable(`No node of ${app.name} says where its repositories are.`);
}
