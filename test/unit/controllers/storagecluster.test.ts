import { describe, expect, test } from '@jest/globals';
import type { StorageCluster } from '../../../src/api/kinds.js';
import { storageClusterSpec } from '../../../src/api/storagecluster.js';
import { reportOf, type Found } from '../../../src/controllers/storagecluster/capabilities.js';
import { base, driver } from '../storage/fixtures.js';

const snapshotClass = (name: string, of = driver) => ({ name, driver: of, deletionPolicy: 'Delete', isDefault: false, atomic: false });
const found = (more: Partial<Found> = {}): Found => ({ installed: true, nodes: 2, classes: [base], snapshots: { group: undefined, groupClasses: [], singleClasses: [snapshotClass('bed')] }, modified: 0, policies: 1, ...more });

function cluster(offers?: object, external: object = {}): StorageCluster {
  const metadata = { name: 'bed', uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: '2026-11-29T10:00:00Z' };
  return { apiVersion: 'stillpoint.dev/v1alpha1', kind: 'StorageCluster', metadata, spec: storageClusterSpec.parse({ engine: { external: { driver, ...external } }, ...(offers === undefined ? {} : { offers: { namespaces: {}, ...offers } }) }) };
}

describe('whether it is ready', () => {
  test.each([
    ['an offer that can be kept', cluster({ classes: ['bed'] }), {}, 'Adopted', /^The driver csi\.bed\.stillpoint\.dev is registered on 2 nodes\.$/],
    ['no offer', cluster(), { nodes: 1 }, 'Adopted', /on 1 node\. Nothing of it is offered: spec\.offers is not set\.$/],
    ['no driver', cluster(), { installed: false }, 'DriverNotFound', /^spec\.engine\.external\.driver: there is no CSIDriver/],
    ['a driver on no node', cluster(), { nodes: 0 }, 'DriverNotFound', /no node has registered/],
    ['a class that is not there', cluster({ classes: ['bed', 'gold'] }), {}, 'OfferedClassUnusable', /^spec\.offers\.classes: StorageClass gold does not exist\.$/],
    ['a class of another driver', cluster({ classes: ['bed'] }), { classes: [{ ...base, provisioner: 'other' }] }, 'OfferedClassUnusable', /StorageClass bed is of the driver other\.$/],
    ['a class of a policy', cluster({ classes: ['bed'] }), { classes: [{ ...base, metadata: { ...base.metadata, annotations: { 'stillpoint.dev/policy-of': 'shop/db' } } }] }, 'OfferedClassUnusable', /was made for VolumePolicy shop\/db\.$/],
  ])('%s', (_, object, more, reason, says) => {
    const { verdict } = reportOf(object, found(more));
    expect(verdict).toEqual({ kind: reason === 'Adopted' ? 'ready' : 'working', reason, message: expect.stringMatching(says) as unknown });
  });
});

describe('what it can do', () => {
  const stateOf = (name: string, object: StorageCluster, more: Partial<Found> = {}) => reportOf(object, found(more)).change.capabilities?.find((c) => c.name === name);
  const other = { ...base, metadata: { name: 'other' }, allowVolumeExpansion: false };

  test('expansion by the classes that are offered, or by all of the driver', () => {
    expect(stateOf('Expansion', cluster())).toMatchObject({ state: 'Available', message: 'StorageClasses with allowVolumeExpansion: bed.' });
    expect(stateOf('Expansion', cluster(), { classes: [base, other] })).toMatchObject({ state: 'Available', message: 'StorageClasses with allowVolumeExpansion: bed. Without: other.' });
    expect(stateOf('Expansion', cluster({ classes: ['other'] }), { classes: [base, other] })).toMatchObject({ state: 'Unavailable' });
    expect(stateOf('Expansion', cluster(), { classes: [] })).toMatchObject({ state: 'Unknown' });
  });

  test('modification only where a volume has shown it; of a driver without attributes it is not there', () => {
    expect(stateOf('Modify', cluster())).toMatchObject({ state: 'Unknown' });
    expect(stateOf('Modify', cluster(), { modified: 3 })).toMatchObject({ state: 'Available', message: 'Volumes with a VolumeAttributesClass: 3.' });
    expect(stateOf('Modify', cluster(undefined, { driver: 'driver.longhorn.io' }))).toMatchObject({ state: 'Unavailable' });
  });

  test('snapshots by their classes, five of which are not listed one by one', () => {
    expect(stateOf('Snapshots', cluster())).toMatchObject({ state: 'Available', message: 'VolumeSnapshotClasses: bed.' });
    const many = ['e', 'd', 'c', 'b', 'a'].map((name) => snapshotClass(name));
    expect(stateOf('Snapshots', cluster(), { snapshots: { group: undefined, groupClasses: [], singleClasses: many } })).toMatchObject({ message: 'VolumeSnapshotClasses: a, b, c and 2 more.' });
    expect(stateOf('Snapshots', cluster(), { snapshots: { group: undefined, groupClasses: [], singleClasses: [snapshotClass('x', 'other')] } })).toMatchObject({ state: 'Unavailable' });
    expect(stateOf('GroupSnapshots', cluster())).toMatchObject({ state: 'Unavailable', message: 'The cluster does not serve VolumeGroupSnapshots.' });
    const group = { version: 'v1' } as NonNullable<Found['snapshots']['group']>;
    expect(stateOf('GroupSnapshots', cluster(), { snapshots: { group, groupClasses: [snapshotClass('all')], singleClasses: [] } })).toMatchObject({ state: 'Available' });
    expect(stateOf('GroupSnapshots', cluster(), { snapshots: { group, groupClasses: [], singleClasses: [] } })).toMatchObject({ state: 'Unavailable', message: 'There is no VolumeGroupSnapshotClass of the driver.' });
  });

  test('fields that a policy may ask for', () => {
    expect(reportOf(cluster(), found()).change).toMatchObject({ enforceable: ['replicas', 'encryption', 'minIops', 'minBps'], nodes: 2, policies: 1 });
  });
});
