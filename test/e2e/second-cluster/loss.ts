import type { Remains } from '../restore-remote/scene.js';

/** What is left when the cluster is gone. */
export interface Loss extends Remains {
  /** The key as somebody has kept it. */
  readonly keyFile: string;
  /** When the last row was written, ms since the epoch. */
  readonly lostAt: number;
}
