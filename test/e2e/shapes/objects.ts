/** Objects of the shape tests. Every pod runs the program of test/apps/writer: its image has no shell, its root file system is read-only. */

const image = 'localhost/stillpoint-test/writer:1';

type Json = Readonly<Record<string, unknown>>;

export interface Container extends Json {
  readonly name: string;
}

interface Labels {
  readonly [key: string]: string;
}

/** A claim; `shape` is the label that copies select by. */
export function claim(name: string, shape: string, spec: Json = {}): Json {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, labels: { shape } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '64Mi' } }, ...spec },
  };
}

/** A container of the writer's image. Default: nobody, without rights. */
export function container(name: string, args: readonly string[], more: Json = {}): Container {
  const securityContext = { runAsUser: 65532, runAsNonRoot: true, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  return { name, image, args, securityContext, ...more };
}

/** A container that writes to a file of a claim without syncing it: what is acknowledged is only as durable as the hold makes it. */
export function writer(name: string, of: string, file: string, more: Json = {}): Container {
  return container(name, ['write', `/data/${file}`], { volumeMounts: [mount(of)], ...more });
}

export function mount(of: string, more: Json = {}): Json {
  return { name: of, mountPath: '/data', ...more };
}

/** A pod with one volume for each claim, called like it. */
export function pod(name: string, claims: readonly string[], containers: readonly Container[], spec: Json = {}): Json {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } }, spec: podSpec(claims, containers, spec) };
}

export function job(name: string, claims: readonly string[], containers: readonly Container[], labels: Labels = {}): Json {
  const spec = podSpec(claims, containers, { restartPolicy: 'Never' });
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { backoffLimit: 0, template: { metadata: { labels: { app: name, ...labels } }, spec } } };
}

function podSpec(claims: readonly string[], containers: readonly Container[], more: Json): Json {
  const volumes = claims.map((of) => ({ name: of, persistentVolumeClaim: { claimName: of } }));
  return { containers, volumes, terminationGracePeriodSeconds: 20, automountServiceAccountToken: false, ...more };
}
