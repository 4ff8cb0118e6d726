import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Faults of the storage, by method of the CSI driver (test/cluster/csi-driver/README.md). */
export interface Fault {
  readonly Before?: string;
  readonly After?: string;
  readonly Code?: string;
  readonly Message?: string;
  readonly Times?: number;
  readonly Hang?: boolean;
}

const directory = join(process.env['STILLPOINT_BED'] ?? '/var/tmp/stillpoint-bed', process.env['BED'] ?? 'a', 'disk', 'csi');
const file = join(directory, 'faults.json');

/** Switches faults on; counts begin anew. */
export function setFaults(faults: Readonly<Record<string, Fault>>): void {
  writeFileSync(`${file}.new`, JSON.stringify(faults));
  renameSync(`${file}.new`, file);
}

/** The storage works as it should again. */
export function clearFaults(): void {
  rmSync(file, { force: true });
}
