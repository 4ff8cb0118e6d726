import type { Clock } from '../../runtime/clock.js';
import type { HolderSession } from './holder-session.js';

/** Sends a beat to every holder, now and then every `beatMillis`, until the returned function is called. */
export function startBeats(sessions: readonly HolderSession[], beatMillis: number, clock: Clock): () => void {
  let cancel = (): void => undefined;
  const beat = (): void => {
    cancel = clock.after(beatMillis, beat);
    for (const session of sessions) session.send('beat');
  };
  beat();
  return () => cancel();
}
