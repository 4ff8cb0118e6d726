/** One database of the proof, as its clients see it. */
export interface TokenStore {
  /** Places that a token can be put to: partitions, shards, nodes. */
  readonly members: number;
  /** Resolves when the database has acknowledged the token. */
  put(token: number, member: number): Promise<void>;
  /** Every token that the database has, of all members. */
  tokens(): Promise<number[]>;
  close(): Promise<void>;
}
