import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The test clusters of this machine, by name (test/cluster). */

const root = process.env['STILLPOINT_BED'] ?? '/var/tmp/stillpoint-bed';
const names = ['a', 'b', 'c', 'd', 'e', 'f'];

/** The cluster that the suite runs on when it begins. */
export const firstBed = process.env['BED'] ?? 'a';

/** One that is not there: the suite makes it, and takes it away again. Throws when all are. */
export function freeBed(): string {
  const free = names.find((name) => name !== firstBed && !existsSync(join(root, name)) && !existsSync(`/run/netns/stillpoint-${name}`));
  if (free === undefined) throw new Error('every test cluster is there already: take one down, this suite needs a second one of its own');
  return free;
}

export async function bedUp(name: string): Promise<void> {
  await run('test/cluster/bed', ['up'], name);
}

/** Takes this one cluster away with everything in it; what others share stays. Throws when something of it is left. */
export async function bedDown(name: string): Promise<void> {
  await run('test/cluster/bed', ['down'], name);
  await run('test/cluster/check-clean', [name], name);
}

/** Installs the operator of this checkout there, with the images of these applications. */
export async function installOn(name: string, applications: readonly string[]): Promise<void> {
  await run('tools/install-on-bed', applications, name);
}

export function kubeconfigOf(name: string): string {
  return join(root, name, 'admin.kubeconfig');
}

/** What is done with kubectl from now on is done there, unless it says otherwise, and by its own program: that of another cluster goes with it. */
export function useBed(name: string): void {
  process.env['KUBECONFIG'] = kubeconfigOf(name);
  process.env['PATH'] = `${join(root, name, 'bin')}:${process.env['PATH'] ?? ''}`;
}

function run(file: string, argv: readonly string[], name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(file, [...argv], { env: { ...process.env, NAME: name }, encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`NAME=${name} ${file} ${argv.join(' ')}: ${stdout}${stderr}`));
    });
  });
}
