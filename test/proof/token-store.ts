/** Of an image: the server is process 1, or runs under an init, where a signal can stop it from inside its pod. */
export type Variant = 'plain' | 'init';

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
