/** What {@link decide} sees of the first Secret of a recovery point that somebody has deleted. */
export interface EndingInput {
  /** Our finalizer is still on it. */
  readonly guarded: boolean;
  /** The AppSnapshot. Leaving: it is being deleted, and sees to its recovery point before it goes. */
  readonly owner: 'alive' | 'leaving' | 'gone';
  /** The namespace of the operator goes as a whole: nobody has asked for this recovery point to go. */
  readonly operatorLeaves: boolean;
  /** A restore reads from it. */
  readonly inUse: boolean;
  /** Contents with the data are there. */
  readonly hasContents: boolean;
}

/** What to do next; every action can be repeated. */
export type EndingPlan =
  | 'none'
  /** The Secret alone goes: the data is that of its AppSnapshot. */
  | 'letGo'
  /** Look again soon. */
  | 'wait'
  /** Nothing of it may go. */
  | 'stay'
  | 'waitForRestore'
  /** Remove the data in the storage. */
  | 'removeContents'
  /** Remove what is left of it, the Secret last. */
  | 'removeSecrets';

/**
 * The next step for a recovery point whose first Secret somebody has deleted. While its AppSnapshot lives, that only takes the Secret, which is written anew for as long as the
 * spec says Retain; afterwards the data goes with it. Pure and synchronous.
 */
export function decide({ guarded, owner, operatorLeaves, inUse, hasContents }: EndingInput): EndingPlan {
  if (!guarded) return 'none';
  if (owner !== 'gone') return owner === 'alive' ? 'letGo' : 'wait';
  if (operatorLeaves) return 'stay';
  if (inUse) return 'waitForRestore';
  return hasContents ? 'removeContents' : 'removeSecrets';
}
