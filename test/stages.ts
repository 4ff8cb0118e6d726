import { bed, bedEnvironment, Preparation, prepare, secondBed } from './bed.js';
import { beside, command, goTest, jest, one, type Stage, type Tally } from './stage-run.js';
import { auditOf, suitesOn } from './suites.js';

const npm = (script: string): Stage => ({ name: script, run: () => one(['npm', 'run', '--silent', script]) });
const preparation = new Preparation();

/** Without a common object: one waits for a database and the storage, the other for time-outs. */
function integration(log?: string): Promise<Tally> {
  const env = bedEnvironment(bed);
  return beside(
    (own) => jest('integration', env, 'test/integration/(?!postgresql|snapshots)', undefined, own),
    (own) => jest('integration', env, 'integration/(snapshots|postgresql)/', undefined, own),
    log,
  );
}

/** Everything that CI runs on clusters, as two lanes beside each other, each on a cluster of its own: what disturbs the operator, the agents or the storage disturbs its lane only. */
function lanes(): Stage[][] {
  const one = suitesOn(bed);
  const other = suitesOn(secondBed);
  const of = (suites: typeof one, ...names: readonly string[]): Stage[] => names.flatMap((name) => suites[name] ?? []);
  return [
    // PostgreSQL and the profiles lose what was not synced: before the controls of the proof, which sync the machine. What mostly waits is last, beside the proof, whose
    // clients must not see an error.
    [...stages.integration, ...of(one, 'postgresql', 'profile', 'shapes', 'kill', 'targets', 'install', 'policy')],
    [
      { name: `cluster, images, install on ${secondBed}`, required: true, run: (log) => prepare(secondBed, log) },
      ...of(other, 'kafka', 'cassandra', 'elasticsearch', 'volumes', 'inplace', 'retained', 'restore', 'admission', 'gate', 'four'),
    ],
  ];
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
  demo: [{ name: 'demo', run: () => one(['tools/demo'], bedEnvironment(bed)) }],
  clean: [
    {
      name: 'down leaves nothing',
      run: async () => ((await command(['test/cluster/bed', 'down'], { NAME: 'all' })) === 0 ? one(['test/cluster/check-clean']) : { passed: 0, failed: 1 }),
    },
  ],
} as const satisfies Record<string, Stage[]>;

/** What CI runs, in order; lanes run beside each other. */
export function everything(): (Stage | Stage[][])[] {
  // What only computes goes on while the cluster is made; tests keep time, and wait for it.
  const alone = [...stages.beginBed, ...stages.static, ...stages.bed, ...stages.unit, ...stages.programs];
  return [...alone, lanes(), ...auditOf(bed, [bed, secondBed]), ...stages.demo, ...stages.clean];
}
