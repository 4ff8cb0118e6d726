import { dump } from 'js-yaml';
import type { Change } from '../manifests/diff.js';
import type { PlanDocument, PlannedObject } from '../manifests/plan-document.js';

const signs = { refuse: '!', change: '~', create: '+', skip: '=' } as const;

/** A plan for the terminal: what is refused first, then each change, then what is made as YAML. */
export function planText(name: string, { namespace, objects, cut }: PlanDocument): string {
  const count = (verdict: PlannedObject['verdict']): string => String(objects.filter((o) => o.verdict === verdict).length);
  const head = `${name}: ${count('refuse')} refused, ${count('change')} to change, ${count('create')} to create, ${count('skip')} left out in ${namespace}`;
  const tail = cut === 0 ? [] : ['', `The plan was too large: ${cut} objects are here by name only.`];
  return [head, '', ...objects.flatMap(block), ...tail].join('\n');
}

function block({ verdict, object, why, manifest, changes = [] }: PlannedObject): string[] {
  const title = `${signs[verdict]} ${object}${why === undefined ? '' : `: ${why}`}`;
  if (manifest !== undefined) return [title, ...indented(dump(manifest, { noRefs: true, lineWidth: -1 }).trimEnd().split('\n'), 4), ''];
  return changes.length === 0 ? [title] : [title, ...changes.flatMap(changeLines), ''];
}

function changeLines({ path, from, to }: Change): string[] {
  const [before, after] = withoutSame(linesOf(from), linesOf(to));
  return [`    ${path}`, ...indented(before.map((line) => `- ${line}`), 6), ...indented(after.map((line) => `+ ${line}`), 6)];
}

/** Text of several lines as these, every other value as its JSON. */
function linesOf(json: string | undefined): string[] {
  if (json === undefined) return [];
  const value = parsed(json);
  return typeof value === 'string' && value.includes('\n') ? value.split('\n') : [json];
}

/** A value that was cut is no JSON any more. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Without the lines at the begin and the end that are the same. */
function withoutSame(before: readonly string[], after: readonly string[]): [string[], string[]] {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < most - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const middle = (lines: readonly string[]): string[] => lines.slice(head, lines.length - tail);
  return [middle(before), middle(after)];
}

function indented(lines: readonly string[], by: number): string[] {
  return lines.map((line) => `${' '.repeat(by)}${line}`.trimEnd());
}
