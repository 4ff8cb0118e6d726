import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { one, type Stage, type Tally } from './stage-run.js';

/** The test cluster that everything runs on that is not said to run on another. */
export const bed = process.env['NAME'] ?? 'a';
/** The other one of `make test`, beside it. */
export const secondBed = bed === 'b' ? 'a' : 'b';

/** Environment of a test cluster: KUBECONFIG and PATH. */
export function bedEnvironment(name: string): Record<string, string> {
  const text = execFileSync('bash', ['-c', 'eval "$(test/cluster/bed env)"; printf "%s\\n%s" "$KUBECONFIG" "$PATH"'], { encoding: 'utf8', env: { ...process.env, NAME: name } });
  const [kubeconfig = '', path = ''] = text.split('\n');
  return { KUBECONFIG: kubeconfig, PATH: path, BED: name };
}

const up = ['test/cluster/bed', 'up'];
/** Images are built, loaded into the cluster, and the operator is installed by its chart: what every later stage stands on. */
const install = ['tools/install-on-bed'];

/** A program may build for long when nothing is cached: Kubernetes, the databases' images. */
const buildMinutes = 60;

/** The cluster and the operator on it. */
export async function prepare(name: string, log?: string): Promise<Tally> {
  const made = await one(up, { NAME: name }, buildMinutes, log);
  return made.failed > 0 ? made : one(install, { NAME: name }, buildMinutes, log);
}

/** {@link prepare}, one after the other, or beside other stages with what it says in a file until it is asked for. */
export class Preparation {
  #begun: Promise<Tally> | undefined;
  readonly #log = 'test/.artifacts/prepare.log';

  readonly begin: Stage = {
    name: 'cluster, images, install: begun',
    run: () => {
      rmSync(this.#log, { force: true });
      this.#begun = prepare(bed, this.#log);
      return Promise.resolve({ passed: 0, failed: 0 });
    },
  };

  readonly end: Stage = {
    name: 'cluster, images, install',
    required: true,
    run: async () => {
      if (this.#begun === undefined) return prepare(bed);
      const tally = await this.#begun;
      process.stdout.write(readFileSync(this.#log, 'utf8'));
      return tally;
    },
  };
}
