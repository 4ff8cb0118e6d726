import { bedEnvironment } from './bed.js';
import { beside, clearFigures, jest, one, together, writeSuite, type Stage, type Tally } from './stage-run.js';

/** RUNS decides how long these take. */
const longMinutes = 240;

const small = { PART: 'small' };

interface SuiteOptions {
  readonly env?: Record<string, string>;
  readonly minutes?: number;
  readonly file?: string;
}

/** The suites on one cluster. */
class Suites {
  readonly #environment: () => Record<string, string>;

  constructor(bed: string) {
    this.#environment = () => bedEnvironment(bed);
  }

  one(name: string, options: SuiteOptions = {}): Stage[] {
    return [{ name: `e2e ${name}`, run: (log) => this.#run(name, options, log) }];
  }

  long(name: string, file?: string): Stage[] {
    return this.one(name, { minutes: longMinutes, ...(file === undefined ? {} : { file }) });
  }

  /** Kills, full disks, rot, a volume as target, policies and clones by `make e2e SUITE=copies` and `make e2e SUITE=restore-remote`. */
  targets(): Stage[] {
    const first = (log?: string): Promise<Tally> => this.#run('copies', { env: small }, log);
    const second = async (log: string): Promise<Tally> => together(await this.#run('restore-remote', { env: small }, log), await this.#run('tenancy', {}, log));
    return [{ name: 'e2e copies, restore-remote, tenancy', run: (log) => beside(first, second, log) }];
  }

  async #run(name: string, { env = {}, minutes, file = `test/e2e/${name}` }: SuiteOptions, log?: string): Promise<Tally> {
    clearFigures(name);
    const tally = await jest('e2e', { ...this.#environment(), ...env }, `${file}\\.test`, minutes, log);
    writeSuite(name, tally);
    return tally;
  }
}

/** By the audit logs of these clusters, what the other suites made the operators do. */
export function auditOf(bed: string, beds: readonly string[]): Stage[] {
  return new Suites(bed).one('audit', { env: { BEDS: beds.join(' ') } });
}

/** The suites as `make test` has them. */
export function suitesOn(bed: string): Readonly<Record<string, Stage[]>> {
  const on = new Suites(bed);
  return {
    postgresql: on.one('postgresql'),
    // With brokers and controllers apart by `make e2e SUITE=kafka`.
    kafka: on.one('kafka', { env: small }),
    cassandra: on.one('cassandra'),
    elasticsearch: on.one('elasticsearch'),
    restore: on.one('restore'),
    // Refusals, kills and a bucket by `make e2e SUITE=inplace`.
    inplace: on.one('inplace', { env: small }),
    // Quotas, expiry and kills by `make e2e SUITE=retained`.
    retained: on.one('retained', { env: small }),
    install: on.one('install'),
    admission: on.one('admission'),
    // The rest of it by `make e2e SUITE=kill`.
    kill: on.one('kill', { env: small }),
    shapes: on.one('shapes'),
    gate: on.one('gate'),
    profile: on.one('profile'),
    // Half an hour instead of some minutes, with Kafka beside PostgreSQL, by `make e2e SUITE=policy`.
    policy: on.one('policy', { env: small, minutes: 40 }),
    // Growth, refusals of the storage and what differs by `make e2e SUITE=volumes`.
    volumes: on.one('volumes', { env: small }),
    targets: on.targets(),
    // On one set of databases: two bad cuts of PostgreSQL and Kafka that must be caught, then, with the others started beside them, all in one window: proven, and
    // killed at three points. More by `make proof-controls`, `make proof` and `make e2e SUITE=kill-databases APPS=…`.
    four: [
      ...on.one('proof-controls', { env: { RUNS: '1', PART: 'small', SHARE: 'first' }, file: 'test/proof/controls' }),
      ...on.one('proof', { env: { RUNS: '1', SHARE: 'next' }, file: 'test/proof/proof' }),
      ...on.one('kill-databases', { env: { PART: 'small', SHARE: 'last' } }),
    ],
    // It judges what ran on this cluster; `make test` has it judge both of its clusters.
    audit: on.one('audit'),
  };
}

/** Suites that take too long for `make test`, whole, or that it runs beside others: `make e2e SUITE=…` runs them. */
export function longSuitesOn(bed: string): Readonly<Record<string, Stage[]>> {
  const on = new Suites(bed);
  return {
    kafka: on.long('kafka'),
    kill: on.long('kill'),
    'kill-databases': on.long('kill-databases'),
    crash: on.long('crash'),
    copies: on.long('copies'),
    'restore-remote': on.long('restore-remote'),
    // Takes its own cluster down, and makes another one meanwhile.
    'second-cluster': on.long('second-cluster'),
    tenancy: on.one('tenancy'),
    drill: on.long('drill'),
    rewrite: on.one('rewrite'),
    inplace: on.long('inplace'),
    retained: on.long('retained'),
    storm: on.long('storm'),
    many: on.long('many'),
    policy: on.long('policy'),
    volumes: on.long('volumes'),
    proof: on.long('proof', 'test/proof/proof'),
    'vantage-pod': on.long('vantage-pod', 'test/proof/vantage-pod'),
    'proof-controls': on.long('proof-controls', 'test/proof/controls'),
  };
}

/** Measurements, `make bench SUITE=…`: they say their progress and how long they still take. */
export function benchesOn(bed: string): Readonly<Record<string, Stage>> {
  const bench = (name: string): Stage => ({ name: `bench ${name}`, run: (log) => one(['node', '--import', './tools/ts.mjs', `test/bench/${name}.ts`], bedEnvironment(bed), longMinutes, log) });
  return { window: bench('window'), databases: bench('databases'), scale: bench('scale'), mover: bench('mover') };
}
