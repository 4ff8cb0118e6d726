import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { pidOf } from '../kill/cluster.js';
import { kubectl } from './kubectl.js';
import { until } from './until.js';

/** A second CSI driver of the test cluster, with volumes and classes of its own (test/cluster/README.md). */
export const secondDriver = { name: 'csi2.bed.stillpoint.dev', storageClass: 'bed2' } as const;

const processes = ['csi2-resizer', 'csi2-provisioner', 'csi2-snapshotter', 'csi2-driver'] as const;

interface Volumes {
  readonly items: readonly { readonly spec: { readonly csi?: { readonly driver: string } } }[];
}

/** Starts it beside the first, with its sidecars; whatever else runs on the cluster is left alone. */
export async function startSecondDriver(): Promise<void> {
  await promisify(execFile)('test/cluster/bed', ['up'], { env: { ...process.env, NAME: process.env['BED'] ?? 'a', BED_DRIVERS: 'csi csi2' } });
}

/** Ends it when none of its volumes and snapshots is left; what is ended before could never be removed. */
export async function stopSecondDriver(): Promise<void> {
  await until('nothing of the second driver is left', async () => {
    const { items } = JSON.parse(await kubectl(['get', 'persistentvolumes', '-o', 'json'])) as Volumes;
    const contents = await kubectl(['get', 'volumesnapshotcontents,volumegroupsnapshotcontents', '-o', 'jsonpath={.items[*].spec.driver}']);
    return !items.some(({ spec }) => spec.csi?.driver === secondDriver.name) && !contents.split(' ').includes(secondDriver.name);
  }, 120, 500);
  for (const name of processes) process.kill(pidOf(name), 'SIGTERM');
}
