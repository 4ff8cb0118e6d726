/** A lock of the repository. */
export interface Lock {
  readonly id: string;
  /** Host of the process that took it: for a mover the name of its pod, which never comes again. */
  readonly host: string;
}

/**
 * Locks whose owner is known to be dead. restic itself takes a lock for stale only after half an hour, or when it was taken on the same host; it has no
 * command for a single one, and `unlock --remove-all` would take those of the living as well. Pure.
 */
export function deadLocks(locks: readonly Lock[], dead: readonly string[]): Lock[] {
  return locks.filter(({ host }) => host !== '' && dead.includes(host));
}
