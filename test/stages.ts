import { execFileSync } from 'node:child_process';
import { clearFigures, command, goTest, jest, one, writeSuite, type Tally } from './stage-run.js';

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

const bedUp: Stage = { name: `cluster ${bed} up`, required: true, run: () => one(['test/cluster/bed', 'up'], { NAME: bed }) };

/** Images are built, loaded into the cluster, and the operator is installed by its chart: what every later stage stands on. */
const install: Stage = { name: 'images, install', required: true, run: () => one(['tools/install-on-bed'], { NAME: bed }) };

function suite(name: string, env: Record<string, string> = {}, minutes?: number, file = `test/e2e/${name}`): Stage[] {
  return [
    {
      name: `e2e ${name}`,
      run: async () => {
        clearFigures(name);
        const tally = await jest('e2e', { ...bedEnvironment(), ...env }, `${file}\\.test`, minutes);
        writeSuite(name, tally);
        return tally;
      },
    },
  ];
}

export const suites: Readonly<Record<string, Stage[]>> = {
  postgresql: suite('postgresql'),
  kafka: suite('kafka'),
  cassandra: suite('cassandra'),
  elasticsearch: suite('elasticsearch'),
  restore: suite('restore'),
  install: suite('install'),
  admission: suite('admission'),
  // The rest of it by `make e2e SUITE=kill`.
  kill: suite('kill', { PART: 'small' }),
  shapes: suite('shapes'),
  gate: suite('gate'),
  profile: suite('profile'),
  policy: suite('policy'),
  // All in one window: proven, and killed at three points. More of both by `make proof` and `make e2e SUITE=kill-databases APPS=…`.
  four: [...suite('proof', { RUNS: '1' }, undefined, 'test/proof/proof'), ...suite('kill-databases', { PART: 'small' })],
  // Those two that take no longer than a cut and a restore; all of them five times by `make proof-controls`.
  'proof-controls': suite('proof-controls', { RUNS: '1', PART: 'small' }, undefined, 'test/proof/controls'),
  // The last: it judges by the audit log what the others made the operator do.
  audit: suite('audit'),
};

/** RUNS decides how long these take. */
const longMinutes = 240;

/** Suites that take too long for `make test`, whole: `make e2e SUITE=…` runs them. */
export const longSuites: Readonly<Record<string, Stage[]>> = {
  kill: suite('kill', {}, longMinutes),
  'kill-databases': suite('kill-databases', {}, longMinutes),
  crash: suite('crash', {}, longMinutes),
  storm: suite('storm', {}, longMinutes),
  proof: suite('proof', {}, longMinutes, 'test/proof/proof'),
  'vantage-pod': suite('vantage-pod', {}, longMinutes, 'test/proof/vantage-pod'),
  'proof-controls': suite('proof-controls', {}, longMinutes, 'test/proof/controls'),
};

/** Measurements, `make bench SUITE=…`: they say their progress and how long they still take. */
const bench = (name: string): Stage => ({ name: `bench ${name}`, run: () => one(['node', '--import', './tools/ts.mjs', `test/bench/${name}.ts`], bedEnvironment(), longMinutes) });

export const benches: Readonly<Record<string, Stage>> = { window: bench('window'), databases: bench('databases'), scale: bench('scale') };

export const stages = {
  verify: [
    npm('lint'),
    npm('types'),
    { name: 'generated files', run: () => one(['npm', 'run', '--silent', 'generate', '--', '--check']) },
    npm('unused'),
    { name: 'unit', run: () => jest('unit') },
  ],
  programs: [
    { name: 'holder (go)', run: () => goTest('src/hooks/hold/node-holder') },
    { name: 'csi driver (go)', run: () => goTest('test/cluster/csi-driver') },
    { name: 'csi sanity (go)', run: () => goTest('test/cluster/csi-driver/sanity') },
  ],
  bed: [bedUp, install],
  integration: [{ name: 'integration', run: () => jest('integration', bedEnvironment()) }],
  // The demo as somebody with a cluster of their own runs it: by KUBECONFIG.
  demo: [{ name: 'demo', run: () => one(['tools/demo'], bedEnvironment()) }],
  clean: [
    {
      name: 'down leaves nothing',
      run: async () => ((await command(['test/cluster/bed', 'down'], { NAME: 'all' })) === 0 ? one(['test/cluster/check-clean']) : { passed: 0, failed: 1 }),
    },
  ],
} as const satisfies Record<string, Stage[]>;
