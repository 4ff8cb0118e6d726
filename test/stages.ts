import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { clearFigures, command, goTest, jest, one, together, writeSuite, type Tally } from './stage-run.js';

/** A part of `make test`. */
export interface Stage {
  readonly name: string;
  readonly run: () => Promise<Tally>;
  /** Nothing after it makes sense when it fails. */
  readonly required?: boolean;
}

const npm = (script: string): Stage => ({ name: script, run: () => one(['npm', 'run', '--silent', script]) });

/** The cluster that the stages run on. */
const bed = process.env['NAME'] ?? 'a';

/** Environment of the test cluster: KUBECONFIG and PATH. */
function bedEnvironment(): Record<string, string> {
  const text = execFileSync('bash', ['-c', 'eval "$(test/cluster/bed env)"; printf "%s\\n%s" "$KUBECONFIG" "$PATH"'], { encoding: 'utf8', env: { ...process.env, NAME: bed } });
  const [kubeconfig = '', path = ''] = text.split('\n');
  return { KUBECONFIG: kubeconfig, PATH: path, BED: bed };
}

const bedUp = ['test/cluster/bed', 'up'];
/** Images are built, loaded into the cluster, and the operator is installed by its chart: what every later stage stands on. */
const install = ['tools/install-on-bed'];

/** A program may build for long when nothing is cached: Kubernetes, the databases' images. */
const buildMinutes = 60;

/** The cluster and the operator on it, one after the other, or beside other stages with what they say in a file until it is asked for. */
class Preparation {
  #begun: Promise<Tally> | undefined;
  readonly #log = 'test/.artifacts/prepare.log';

  readonly begin: Stage = {
    name: 'cluster, images, install: begun',
    run: () => {
      rmSync(this.#log, { force: true });
      this.#begun = this.#make(this.#log);
      return Promise.resolve({ passed: 0, failed: 0 });
    },
  };

  readonly end: Stage = {
    name: 'cluster, images, install',
    required: true,
    run: async () => {
      if (this.#begun === undefined) return this.#make();
      const tally = await this.#begun;
      process.stdout.write(readFileSync(this.#log, 'utf8'));
      return tally;
    },
  };

  async #make(log?: string): Promise<Tally> {
    const up = await one(bedUp, { NAME: bed }, buildMinutes, log);
    return up.failed > 0 ? up : one(install, { NAME: bed }, buildMinutes, log);
  }
}
const preparation = new Preparation();

interface SuiteOptions {
  readonly env?: Record<string, string>;
  readonly minutes?: number;
  readonly file?: string;
  readonly log?: string;
}

async function runSuite(name: string, { env = {}, minutes, file = `test/e2e/${name}`, log }: SuiteOptions): Promise<Tally> {
  clearFigures(name);
  const tally = await jest('e2e', { ...bedEnvironment(), ...env }, `${file}\\.test`, minutes, log);
  writeSuite(name, tally);
  return tally;
}

function suite(name: string, env: Record<string, string> = {}, minutes?: number, file?: string): Stage[] {
  return [{ name: `e2e ${name}`, run: () => runSuite(name, { env, ...(minutes === undefined ? {} : { minutes }), ...(file === undefined ? {} : { file }) }) }];
}

/** Two parts at the same time, without a common object, that wait most of the time; what the second says comes after the first. */
async function beside(first: () => Promise<Tally>, second: (log: string) => Promise<Tally>): Promise<Tally> {
  const log = 'test/.artifacts/beside.log';
  rmSync(log, { force: true });
  const parts = await Promise.all([first(), second(log)]);
  process.stdout.write(readFileSync(log, 'utf8'));
  return together(...parts);
}

const small = { PART: 'small' };

export const suites: Readonly<Record<string, Stage[]>> = {
  postgresql: suite('postgresql'),
  // With brokers and controllers apart by `make e2e SUITE=kafka`.
  kafka: suite('kafka', small),
  cassandra: suite('cassandra'),
  elasticsearch: suite('elasticsearch'),
  restore: suite('restore'),
  // Refusals, kills and a bucket by `make e2e SUITE=inplace`.
  inplace: suite('inplace', small),
  install: suite('install'),
  admission: suite('admission'),
  // The rest of it by `make e2e SUITE=kill`.
  kill: suite('kill', small),
  shapes: suite('shapes'),
  gate: suite('gate'),
  profile: suite('profile'),
  // Half an hour instead of some minutes, with Kafka beside PostgreSQL, by `make e2e SUITE=policy`.
  policy: suite('policy', small),
  // Growth, refusals of the storage and what differs by `make e2e SUITE=volumes`.
  volumes: suite('volumes', small),
  // Kills, full disks, rot, a volume as target, policies and clones by `make e2e SUITE=copies` and `make e2e SUITE=restore-remote`.
  targets: [{ name: 'e2e copies, restore-remote, tenancy', run: () => beside(() => runSuite('copies', { env: small }), async (log) => together(await runSuite('restore-remote', { env: small, log }), await runSuite('tenancy', { log }))) }],
  // On one set of databases: two bad cuts of PostgreSQL and Kafka that must be caught, then, with the others started beside them, all in one window: proven, and
  // killed at three points. More by `make proof-controls`, `make proof` and `make e2e SUITE=kill-databases APPS=…`.
  four: [
    ...suite('proof-controls', { RUNS: '1', PART: 'small', SHARE: 'first' }, undefined, 'test/proof/controls'),
    ...suite('proof', { RUNS: '1', SHARE: 'next' }, undefined, 'test/proof/proof'),
    ...suite('kill-databases', { PART: 'small', SHARE: 'last' }),
  ],
  // Quotas, expiry and kills by `make e2e SUITE=retained`.
  retained: suite('retained', small),
  // The last: it judges by the audit log what the others made the operator do.
  audit: suite('audit'),
};

/** RUNS decides how long these take. */
const longMinutes = 240;

/** Suites that take too long for `make test`, whole, or that it runs beside others: `make e2e SUITE=…` runs them. */
export const longSuites: Readonly<Record<string, Stage[]>> = {
  kafka: suite('kafka', {}, longMinutes),
  kill: suite('kill', {}, longMinutes),
  'kill-databases': suite('kill-databases', {}, longMinutes),
  crash: suite('crash', {}, longMinutes),
  copies: suite('copies', {}, longMinutes),
  'restore-remote': suite('restore-remote', {}, longMinutes),
  // Takes its own cluster down, and makes another one meanwhile.
  'second-cluster': suite('second-cluster', {}, longMinutes),
  tenancy: suite('tenancy'),
  drill: suite('drill', {}, longMinutes),
  rewrite: suite('rewrite'),
  inplace: suite('inplace', {}, longMinutes),
  retained: suite('retained', {}, longMinutes),
  storm: suite('storm', {}, longMinutes),
  many: suite('many', {}, longMinutes),
  policy: suite('policy', {}, longMinutes),
  volumes: suite('volumes', {}, longMinutes),
  proof: suite('proof', {}, longMinutes, 'test/proof/proof'),
  'vantage-pod': suite('vantage-pod', {}, longMinutes, 'test/proof/vantage-pod'),
  'proof-controls': suite('proof-controls', {}, longMinutes, 'test/proof/controls'),
};

/** Measurements, `make bench SUITE=…`: they say their progress and how long they still take. */
const bench = (name: string): Stage => ({ name: `bench ${name}`, run: () => one(['node', '--import', './tools/ts.mjs', `test/bench/${name}.ts`], bedEnvironment(), longMinutes) });

export const benches: Readonly<Record<string, Stage>> = { window: bench('window'), databases: bench('databases'), scale: bench('scale'), mover: bench('mover') };

/** Without a common object: one waits for a database and the storage, the other for time-outs. */
function integration(): Promise<Tally> {
  const env = bedEnvironment();
  return beside(
    () => jest('integration', env, 'test/integration/(?!postgresql|snapshots)'),
    (log) => jest('integration', env, 'integration/(snapshots|postgresql)/', undefined, log),
  );
}

export const stages = {
  static: [
    npm('lint'),
    npm('types'),
    { name: 'generated files', run: () => one(['npm', 'run', '--silent', 'generate', '--', '--check']) },
    npm('unused'),
  ],
  unit: [{ name: 'unit', run: () => jest('unit') }],
  programs: [
    { name: 'holder (go)', run: () => goTest('src/hooks/hold/node-holder') },
    { name: 'csi driver (go)', run: () => goTest('test/cluster/csi-driver') },
    { name: 'csi sanity (go)', run: () => goTest('test/cluster/csi-driver/sanity') },
  ],
  beginBed: [preparation.begin],
  bed: [preparation.end],
  integration: [{ name: 'integration', run: integration }],
  // The demo as somebody with a cluster of their own runs it: by KUBECONFIG.
  demo: [{ name: 'demo', run: () => one(['tools/demo'], bedEnvironment()) }],
  clean: [
    {
      name: 'down leaves nothing',
      run: async () => ((await command(['test/cluster/bed', 'down'], { NAME: 'all' })) === 0 ? one(['test/cluster/check-clean']) : { passed: 0, failed: 1 }),
    },
  ],
} as const satisfies Record<string, Stage[]>;
