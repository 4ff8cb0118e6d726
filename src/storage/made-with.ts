/** What a class of some name was, and for how long. */
export interface ClassVersion {
  readonly name: string;
  /** ms since the epoch, whole seconds as the API has them. */
  readonly since: number;
  /** Undefined: it still is. */
  readonly until: number | undefined;
  readonly parameters: Readonly<Record<string, string>>;
}

/** When a volume was made, and by which class. */
export interface Provisioned {
  readonly className: string | undefined;
  /** When its claim was created, ms since the epoch. */
  readonly claimedAt: number;
  /** When its PersistentVolume was. */
  readonly madeAt: number;
}

export type MadeWith =
  | { readonly kind: 'known'; readonly parameters: Readonly<Record<string, string>> }
  /** The class was replaced while the volume was being made. */
  | { readonly kind: 'changing' }
  /** No class of that name is known from that time. */
  | { readonly kind: 'unknown' };

/**
 * The parameters that a volume was made with. Nothing in the API says so: it follows from when claim and volume were created and when which class had its
 * name. Where two of them may have been it, neither is claimed. Pure.
 */
export function madeWith({ className, claimedAt, madeAt }: Provisioned, versions: readonly ClassVersion[]): MadeWith {
  const possible = versions.filter(({ name, since, until }) => name === className && since <= madeAt && (until === undefined || until >= claimedAt));
  // Whoever was gone before the volume was there made it only if nobody else could.
  const [first, ...others] = possible;
  if (first === undefined) return { kind: 'unknown' };
  if (others.length > 0) return { kind: 'changing' };
  return first.until !== undefined && first.until < madeAt ? { kind: 'unknown' } : { kind: 'known', parameters: first.parameters };
}
