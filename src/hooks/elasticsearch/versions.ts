import type { Blocker } from '../adapter.js';
import type { Distribution } from './cluster.js';

/** Major versions that this adapter knows, and those that its tests run on. */
const known: Readonly<Record<Distribution, { readonly lowest: number; readonly highest: number; readonly tested: readonly number[] }>> = {
  Elasticsearch: { lowest: 7, highest: 9, tested: [8] },
  OpenSearch: { lowest: 1, highest: 3, tested: [] },
};

const majorOf = (version: string): number => Number(version.split('.')[0]);

/** A version that nobody has looked at is refused. Pure. */
export function versionBlockers(name: string, distribution: Distribution, version: string): Blocker[] {
  const { lowest, highest } = known[distribution];
  const major = majorOf(version);
  if (major >= lowest && major <= highest) return [];
  return [
    {
      code: 'HoldNotPossible',
      message: `${name} runs ${distribution} ${version}; ${lowest} to ${highest} are known. Name it in spec.applications with kind Generic to copy it without what this adapter proves.`,
    },
  ];
}

/** Says so when our tests have not run on it. Pure. */
export function untestedFact(distribution: Distribution, version: string): string | undefined {
  const major = majorOf(version);
  return known[distribution].tested.includes(major) ? undefined : `${distribution} ${major} is known but was not run against by our tests`;
}
