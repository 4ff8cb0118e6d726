import { labels } from '../api/common.js';
import type { BackupTarget } from '../api/kinds.js';
import type { KubeObject, OwnerReference } from '../runtime/object.js';
import { paths, requestVariable, type MoverRequest } from './request.js';

/** Value of the label `internal` on everything of movers. */
export const moverRole = 'mover';
/** Owns what movers of several users share in a volume; the user of a mover that reads no volume. */
export const moverId = 65532;

/** As whom a mover reads a volume: the user of the pod that it belongs to. */
export interface RunAs {
  readonly user: number;
  readonly group: number;
  readonly groups: readonly number[];
  readonly seLinux?: Readonly<Record<string, string>> | undefined;
}

/** What the operator knows of movers by its own settings. */
export interface MoverSettings {
  readonly image: string;
  readonly pullPolicy: string;
  readonly resources: Readonly<Record<string, unknown>>;
}

/** One mover: a Job of one pod. */
export interface MoverJob {
  readonly name: string;
  readonly account: string;
  readonly target: BackupTarget;
  /** Secret with the key of the repository. */
  readonly keySecret: string;
  readonly owner: OwnerReference;
  /** Uid of the AppSnapshot that it works for; a check has none. */
  readonly appSnapshotUid?: string;
  readonly request: MoverRequest;
  readonly runAs: RunAs;
  /** Read everything, whoever it belongs to. */
  readonly privileged: boolean;
  /** The claim that it reads, and the claim of the application whose copy that is. */
  readonly source?: { readonly claim: string; readonly of: string };
  /** Secrets that become the recovery point: key, and name of the file. */
  readonly parts?: readonly { readonly secret: string; readonly key: string; readonly file: string }[];
  /** The kubelet ends it after so long, s; undefined: never, it is as long as its volume. */
  readonly deadlineSeconds?: number;
}

/** Labels of everything of a mover. */
export function moverLabels(targetUid: string, appSnapshotUid?: string): Record<string, string> {
  return { [labels.internal]: moverRole, [labels.target]: targetUid, ...(appSnapshotUid === undefined ? {} : { [labels.appSnapshot]: appSnapshotUid }) };
}

/** The Job of a mover: no token, no rights but to read what is mounted, secrets by reference only. Pure. */
export function moverJob(job: MoverJob, settings: MoverSettings): KubeObject {
  const { target, request } = job;
  const own = moverLabels(target.metadata.uid, job.appSnapshotUid);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: job.name, namespace: target.metadata.namespace, labels: own, ownerReferences: [job.owner] },
    spec: {
      // A mover that ended badly is looked at before the next one is made.
      backoffLimit: 0,
      ...(job.deadlineSeconds === undefined ? {} : { activeDeadlineSeconds: job.deadlineSeconds }),
      template: {
        metadata: { labels: own },
        spec: {
          serviceAccountName: job.account,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 30,
          securityContext: podSecurity(job),
          containers: [
            {
              name: moverRole,
              image: settings.image,
              imagePullPolicy: settings.pullPolicy,
              command: ['/usr/local/bin/node', '/app/mover.mjs'],
              env: [{ name: requestVariable, value: JSON.stringify(request) }, ...credentials(target)],
              terminationMessagePath: paths.result,
              resources: settings.resources,
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'], ...(job.privileged ? { add: ['DAC_READ_SEARCH'] } : {}) },
              },
              volumeMounts: volumesOf(job).map(({ volume, mount }) => ({ name: volume['name'], ...mount })),
            },
          ],
          volumes: volumesOf(job).map(({ volume }) => volume),
        },
      },
    },
  };
}

/** No fsGroup where a volume is read: the kubelet would change the modes of what is copied. A mover that reads none may share out the target's volume. */
function podSecurity(job: MoverJob): Record<string, unknown> {
  const { runAs, privileged, source } = job;
  const user = privileged ? 0 : runAs.user;
  return {
    runAsUser: user,
    runAsGroup: runAs.group,
    ...(user === 0 ? {} : { runAsNonRoot: true }),
    supplementalGroups: [...new Set([...runAs.groups, moverId])].filter((group) => group !== runAs.group),
    ...(source === undefined ? { fsGroup: moverId, fsGroupChangePolicy: 'OnRootMismatch' } : {}),
    ...(runAs.seLinux === undefined ? {} : { seLinuxOptions: runAs.seLinux }),
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

function credentials({ spec }: BackupTarget): Record<string, unknown>[] {
  if (spec.s3 === undefined) return [];
  const { name } = spec.s3.credentialsSecretRef;
  const from = (key: string, optional: boolean): Record<string, unknown> => ({ name: key, valueFrom: { secretKeyRef: { name, key, ...(optional ? { optional } : {}) } } });
  return [from('AWS_ACCESS_KEY_ID', false), from('AWS_SECRET_ACCESS_KEY', false), from('AWS_SESSION_TOKEN', true)];
}

interface Mounted {
  readonly volume: Record<string, unknown>;
  readonly mount: Record<string, unknown>;
}

function volumesOf({ target, keySecret, source, parts }: MoverJob): Mounted[] {
  const { s3, persistentVolumeClaim } = target.spec;
  const secret = (name: string, secretName: string, key: string): Mounted => ({ volume: { name, secret: { secretName, items: [{ key, path: key }] } }, mount: { mountPath: `/secrets/${name}`, readOnly: true } });
  const empty = (name: string, mountPath: string): Mounted => ({ volume: { name, emptyDir: {} }, mount: { mountPath } });
  return [
    secret('key', keySecret, 'password'),
    empty('scratch', paths.scratch),
    ...(s3?.caSecretRef === undefined ? [] : [secret('ca', s3.caSecretRef.name, 'ca.crt')]),
    ...(persistentVolumeClaim === undefined ? [] : [{ volume: { name: 'repository', persistentVolumeClaim: { claimName: persistentVolumeClaim.claimName } }, mount: { mountPath: paths.repository } }]),
    ...(source === undefined ? [] : [{ volume: { name: 'source', persistentVolumeClaim: { claimName: source.claim } }, mount: { mountPath: `${paths.volumes}/${source.of}`, readOnly: true } }]),
    ...(parts === undefined
      ? []
      : [
          { volume: { name: 'parts', projected: { sources: parts.map((p) => ({ secret: { name: p.secret, items: [{ key: p.key, path: p.file }] } })) } }, mount: { mountPath: paths.parts, readOnly: true } },
          empty('recoverypoint', paths.recoveryPoint),
        ]),
  ];
}
