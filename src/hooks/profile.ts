import type { QuiesceProfileSpec } from '../api/quiesceprofile.js';

/** A QuiesceProfile as the account reads it. */
export interface Profile {
  readonly name: string;
  /** SHA-256 of its spec, in hex. */
  readonly digest: string;
  readonly spec: QuiesceProfileSpec;
}

/** Reads a QuiesceProfile by name. Throws AppError ProfileNotFound or InvalidSpec. */
export type ProfileReader = (name: string) => Promise<Profile>;
