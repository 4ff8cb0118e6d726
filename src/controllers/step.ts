/** The result of a step: look again at once, later, or when something changes. */
export type StepResult = { readonly again: 'now' } | { readonly again: 'later'; readonly seconds: number } | { readonly again: 'onChange' };

export const now: StepResult = { again: 'now' };
export const onChange: StepResult = { again: 'onChange' };
export const later = (seconds: number): StepResult => ({ again: 'later', seconds });

/** The one of two that looks again first. */
export function sooner(a: StepResult, b: StepResult): StepResult {
  const seconds = ({ again, ...more }: StepResult): number => (again === 'now' ? 0 : 'seconds' in more ? more.seconds : Infinity);
  return seconds(a) < seconds(b) ? a : b;
}
