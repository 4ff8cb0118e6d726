import { fillClaim } from '../../../manifests/rewrite.js';
import { importRetained } from '../../../snapshots/import-retained.js';
import { targetNamespace } from '../steps.js';
import type { VolumeFiller } from '../volume-filler.js';

/** Volumes from snapshots that contents keep in the storage: each is imported, whatever the name of the namespace, and the storage fills them when they are made. */
export const retainedFiller: VolumeFiller = {
  async prepare(object, { volume, captured }, deps) {
    const { claim, uid, content } = volume;
    if (content.kind !== 'retained') throw new TypeError(`${claim} is not retained`);
    const imported = await importRetained(deps.client, content, { claimUid: uid, targetNamespace: targetNamespace(object), restoreUid: object.metadata.uid });
    return {
      from: { claim, snapshot: imported.dataSource.name, ...(imported.content === undefined ? {} : { content: imported.content }) },
      captured: imported.ready ? fillClaim(captured, imported) : undefined,
      message: imported.message,
    };
  },
  fill: (_, __, states) => Promise.resolve(states),
};
