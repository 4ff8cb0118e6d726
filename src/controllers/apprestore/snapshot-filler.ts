import { fillClaim } from '../../manifests/rewrite.js';
import { importSnapshot } from '../../snapshots/import.js';
import { targetNamespace } from './steps.js';
import type { VolumeFiller } from './volume-filler.js';

/** Volumes from the snapshots of an AppSnapshot: the storage fills them when they are made. */
export const snapshotFiller: VolumeFiller = {
  async prepare(object, { volume, captured }, deps) {
    const { claim, uid, content } = volume;
    if (content.kind !== 'snapshot') throw new TypeError(`${claim} has no snapshot`);
    const source = { namespace: object.metadata.namespace, snapshot: content.snapshot, claimUid: uid, driver: content.driver };
    const imported = await importSnapshot(deps.client, { source, targetNamespace: targetNamespace(object), restoreUid: object.metadata.uid });
    return {
      from: { claim, snapshot: imported.dataSource.name, ...(imported.content === undefined ? {} : { content: imported.content }) },
      captured: imported.ready ? fillClaim(captured, imported) : undefined,
      message: imported.message,
    };
  },
  fill: (_, __, states) => Promise.resolve(states),
};
