// A server of S3 (versitygw) with one bucket, its data on a volume.

/** What can be chosen about the server. */
export interface S3Options {
  /** Name of the pod, the Service, the Secret and the claim. */
  readonly name: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Certificate and key of the server, in PEM. */
  readonly tls: { readonly cert: string; readonly key: string };
  /** Size of its claim as a Kubernetes quantity. */
  readonly size: string;
}

export const s3Port = 7070;
/** Where buckets are directories, in both containers. */
export const s3Data = '/data';

const restricted = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
const tools = 'localhost/stillpoint-test/tools:1';

/** Secret, claim, Service and pod, without a namespace. Beside the server a shell, by which tests fill its disk and take its bucket away. */
export function s3Objects(options: S3Options): object[] {
  const { name, bucket } = options;
  const labels = { 'app.kubernetes.io/name': name };
  const metadata = { name, labels };
  const data = { name: 'data', mountPath: s3Data };
  const key = (of: string): object => ({ secretKeyRef: { name, key: of } });
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { access: options.accessKeyId, secret: options.secretAccessKey, 'tls.crt': options.tls.cert, 'tls.key': options.tls.key } },
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: options.size } } } },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, ports: [{ name: 's3', port: s3Port }] } },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: {
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 2,
        securityContext: { runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532, seccompProfile: { type: 'RuntimeDefault' } },
        initContainers: [{ name: 'bucket', image: tools, command: ['mkdir', '-p', `${s3Data}/${bucket}`], securityContext: restricted, volumeMounts: [data] }],
        containers: [
          {
            name: 'server',
            image: 'localhost/stillpoint-test/s3:1',
            args: ['--port', `:${s3Port}`, '--cert', '/tls/tls.crt', '--key', '/tls/tls.key', '--quiet', 'posix', s3Data],
            env: [
              { name: 'ROOT_ACCESS_KEY', valueFrom: key('access') },
              { name: 'ROOT_SECRET_KEY', valueFrom: key('secret') },
            ],
            ports: [{ name: 's3', containerPort: s3Port }],
            readinessProbe: { tcpSocket: { port: 's3' }, periodSeconds: 1 },
            resources: { requests: { cpu: '20m', memory: '64Mi' } },
            securityContext: restricted,
            volumeMounts: [data, { name: 'tls', mountPath: '/tls', readOnly: true }, { name: 'tmp', mountPath: '/tmp' }],
          },
          { name: 'shell', image: tools, command: ['sh', '-c', 'trap exit TERM; while :; do sleep 1; done'], securityContext: restricted, volumeMounts: [data] },
        ],
        volumes: [
          { name: 'data', persistentVolumeClaim: { claimName: name } },
          { name: 'tls', secret: { secretName: name, items: ['tls.crt', 'tls.key'].map((file) => ({ key: file, path: file })) } },
          { name: 'tmp', emptyDir: {} },
        ],
      },
    },
  ];
}
