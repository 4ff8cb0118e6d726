import { expect } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { readyOf, untilReason } from '../lib/copies.js';
import { processOne } from '../lib/host.js';
import { heldContainer, slowCut } from './disruptions.js';
import type { SuiteCase } from './hook-points.js';

/** The operator asks for a minute, then nothing confirms the hold from inside (src/controllers/appsnapshot/grade-step.ts). */
const evidenceSeconds = 120;

/**
 * The main process of PostgreSQL is stopped in the hold, and stays so after it: sessions that are there go on, no other begins. The signal comes
 * into effect with the thaw, before anybody can ask.
 */
export const silentServer: SuiteCase = {
  name: 'server of postgresql silent after the release',
  silentSeconds: evidenceSeconds,
  csi: slowCut,
  act: async (scene, name) => {
    await scene.proxy.reached('frozen seen', 'after', scene.windowSeconds);
    const server = processOne(await heldContainer(scene, name, 'PostgreSQL'));
    process.kill(server, 'SIGSTOP');
    try {
      const waiting = await untilReason<AppSnapshot>('appsnapshots', scene.namespace, name, ['WaitingForEvidence', 'GradeUnmet'], 60);
      expect(readyOf(waiting.status)).toMatchObject({ reason: 'WaitingForEvidence', message: expect.stringContaining('does not answer yet') as unknown });
      const unmet = await untilReason<AppSnapshot>('appsnapshots', scene.namespace, name, ['GradeUnmet'], evidenceSeconds);
      expect(readyOf(unmet.status)?.message).toMatch(/only proven to be CrashConsistent: .*did not answer after the release, so that nothing confirms the hold from inside\. It is removed and tried again\.$/);
    } finally {
      process.kill(server, 'SIGCONT');
    }
  },
  status: { phase: 'Ready', grade: 'Frozen', attempts: 2 },
  reason: /^SnapshotReady$/,
};
