import { createHash } from 'node:crypto';
import type { ContentView } from '../../../src/snapshots/contents.js';

export const setId = '0d4c0d4c-0000-4000-8000-000000000001-1';
export const groupUid = 'd6254b3d-0a93-4dcc-b346-60764ea67f99';

/** A dynamic content that nobody has bound, as the snapshot-controller makes it. */
export function content(name: string, ref: Partial<ContentView['ref']>, more: Partial<ContentView> = {}): ContentView {
  return {
    metadata: { name, uid: `uid-${name}` },
    ref: { namespace: 'shop', name: 'any', uid: undefined, ...ref },
    driver: 'csi.example.com',
    deletionPolicy: 'Delete',
    handle: undefined,
    cut: false,
    ready: false,
    error: undefined,
    restoreSize: undefined,
    sourceVolumeMode: undefined,
    volumeHandles: ['vol-1'],
    members: [],
    ...more,
  };
}

/** The content of a group of the set. */
export const groupContent = (more: Partial<ContentView> = {}): ContentView => content(`groupsnapcontent-${groupUid}`, { name: `stillpoint-${setId}-csi.example.com`, uid: groupUid }, more);

/** The content of a member of that group, made for a snapshot that was never made. */
export function memberContent(handle = 'vol-1', more: Partial<ContentView> = {}): ContentView {
  const hash = createHash('sha256').update(groupUid + handle).digest('hex');
  return content(`snapcontent-${hash}`, { name: `snapshot-${hash}` }, { volumeHandles: [handle], ...more });
}
