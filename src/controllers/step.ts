/** The result of a step: look again at once, later, or when something changes. */
export type StepResult = { readonly again: 'now' } | { readonly again: 'later'; readonly seconds: number } | { readonly again: 'onChange' };

export const now: StepResult = { again: 'now' };
export const onChange: StepResult = { again: 'onChange' };
export const later = (seconds: number): StepResult => ({ again: 'later', seconds });
