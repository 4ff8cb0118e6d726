/** One command of a fence. */
export interface FenceCommand {
  /** argv; never read by a shell. */
  readonly command: readonly string[];
  readonly timeoutMillis: number;
  /** The only line that it must print; undefined: its exit code decides. */
  readonly expect: string | undefined;
}

/** How a holder in a member's container keeps the clients of a server from writing (docs/design/0005-quiesce-profile.md). */
export interface FenceProgram {
  readonly engage: FenceCommand;
  /** Succeeds while the fence is on, and only then. */
  readonly verify: FenceCommand;
  readonly release: FenceCommand;
  /** Prints where the server is; must say the same after engage and before release. */
  readonly position: FenceCommand | undefined;
}

/** The program as the holder takes it: for each command its name, limit in ms, expected line, number of words, words. */
export function fenceWords({ engage, verify, release, position }: FenceProgram): string[] {
  const words = (name: string, { command, timeoutMillis, expect }: FenceCommand): string[] => [name, String(timeoutMillis), expect ?? '', String(command.length), ...command];
  return [...words('engage', engage), ...words('verify', verify), ...words('release', release), ...(position === undefined ? [] : words('position', position))];
}
