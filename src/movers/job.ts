import { labels } from '../api/common.js';
import type { BackupTarget } from '../api/kinds.js';
import type { KubeObject, OwnerReference } from '../runtime/object.js';
import { onlyReads, paths, requestVariable, type MoverRequest } from './request.js';

/** Value of the label `internal` on everything of movers. */
export const moverRole = 'mover';
/** Owns what movers of several users share in a volume; the user of a mover that reads no volume. */
export const moverId = 65532;

/** As whom a mover reads or writes a volume: the user of the pod that it belongs to. */
export interface RunAs {
  readonly user: number;
  readonly group: number;
  readonly groups: readonly number[];
  /** Group that the kubelet gives to the volumes of that pod. */
  readonly fsGroup?: number | undefined;
  readonly seLinux?: Readonly<Record<string, string>> | undefined;
}

/** What the operator knows of movers by its own settings. */
export interface MoverSettings {
  readonly image: string;
  readonly pullPolicy: string;
  readonly resources: Readonly<Record<string, unknown>>;
}

/** Uid of the object that a mover works for; a check of a target has none. */
export interface WorksFor {
  readonly appSnapshot?: string;
  readonly restore?: string;
}

/** One mover: a Job of one pod. */
export interface MoverJob {
  readonly name: string;
  readonly account: string;
  readonly target: BackupTarget;
  /** Secret with the key of the repository. */
  readonly keySecret: string;
  readonly owner: OwnerReference;
  readonly worksFor?: WorksFor;
  readonly request: MoverRequest;
  readonly runAs: RunAs;
  /** Read or write everything, whoever it belongs to. */
  readonly privileged: boolean;
  /** The claim that it reads, and the claim of the application whose copy that is. */
  readonly source?: { readonly claim: string; readonly of: string };
  /** The claim that it fills, and the claim of the copy whose content that is. */
  readonly destination?: { readonly claim: string; readonly of: string };
  /** On which nodes it may run: fields of a pod's spec. */
  readonly placement?: Readonly<Record<string, unknown>>;
  /** Secrets that become the recovery point: key, and name of the file. */
  readonly parts?: readonly { readonly secret: string; readonly key: string; readonly file: string }[];
  /** The kubelet ends it after so long, s; undefined: never, it is as long as its volume. */
  readonly deadlineSeconds?: number;
}

/** Labels of everything of a mover. */
export function moverLabels(targetUid: string, { appSnapshot, restore }: WorksFor = {}): Record<string, string> {
  return {
    [labels.internal]: moverRole,
    [labels.target]: targetUid,
    ...(appSnapshot === undefined ? {} : { [labels.appSnapshot]: appSnapshot }),
    ...(restore === undefined ? {} : { [labels.restore]: restore }),
  };
}

/** Whether a mover with these labels works for its target alone: a check, or maintenance. Pure. */
export function isForTargetAlone(own: Readonly<Record<string, string>> | undefined): boolean {
  return own?.[labels.internal] === moverRole && own[labels.appSnapshot] === undefined && own[labels.restore] === undefined;
}

/** The Job of a mover: no token, no rights but to read what is mounted, secrets by reference only. Pure. */
export function moverJob(job: MoverJob, settings: MoverSettings): KubeObject {
  const { target, request } = job;
  const own = moverLabels(target.metadata.uid, job.worksFor);
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
          ...job.placement,
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
                capabilities: { drop: ['ALL'], ...(job.privileged ? { add: capabilitiesOf(job) } : {}) },
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

/** To restore: owners, whatever the modes; set-group-ID goes when a mode is set by who is not of the group, unless FSETID is there. */
function capabilitiesOf({ destination }: MoverJob): string[] {
  return destination === undefined ? ['DAC_READ_SEARCH'] : ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID'];
}

/**
 * No fsGroup where a volume is read: the kubelet would change the modes of what is copied. The root of a fresh volume is root's: one that is filled gets the group that
 * the kubelet gives to the pod it belongs to, so that its next mount changes nothing. A mover without a volume may share out that of the target.
 */
function fsGroupOf({ source, destination, privileged, runAs }: MoverJob): number | undefined {
  if (source !== undefined) return undefined;
  if (destination === undefined) return moverId;
  return privileged ? undefined : (runAs.fsGroup ?? runAs.group);
}

function podSecurity(job: MoverJob): Record<string, unknown> {
  const { runAs, privileged } = job;
  const fsGroup = fsGroupOf(job);
  const user = privileged ? 0 : runAs.user;
  return {
    runAsUser: user,
    runAsGroup: runAs.group,
    ...(user === 0 ? {} : { runAsNonRoot: true }),
    supplementalGroups: [...new Set([...runAs.groups, moverId])].filter((group) => group !== runAs.group),
    ...(fsGroup === undefined ? {} : { fsGroup, fsGroupChangePolicy: 'OnRootMismatch' }),
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

function volumesOf({ target, keySecret, source, destination, parts, request }: MoverJob): Mounted[] {
  const { s3, persistentVolumeClaim } = target.spec;
  const secret = (name: string, secretName: string, key: string): Mounted => ({ volume: { name, secret: { secretName, items: [{ key, path: key }] } }, mount: { mountPath: `/secrets/${name}`, readOnly: true } });
  const empty = (name: string, mountPath: string, more: object = {}): Mounted => ({ volume: { name, emptyDir: more }, mount: { mountPath } });
  // Mounted to be read only, the kubelet gives it no other group: it is shared by the movers of all users.
  const readOnly = onlyReads(request.task) ? { readOnly: true } : {};
  return [
    secret('key', keySecret, 'password'),
    empty('scratch', paths.scratch),
    ...(s3?.caSecretRef === undefined ? [] : [secret('ca', s3.caSecretRef.name, 'ca.crt')]),
    ...(persistentVolumeClaim === undefined ? [] : [{ volume: { name: 'repository', persistentVolumeClaim: { claimName: persistentVolumeClaim.claimName, ...readOnly } }, mount: { mountPath: paths.repository, ...readOnly } }]),
    ...(source === undefined ? [] : [{ volume: { name: 'source', persistentVolumeClaim: { claimName: source.claim } }, mount: { mountPath: `${paths.volumes}/${source.of}`, readOnly: true } }]),
    ...(destination === undefined ? [] : [{ volume: { name: 'destination', persistentVolumeClaim: { claimName: destination.claim } }, mount: { mountPath: `${paths.volumes}/${destination.of}` } }]),
    // The configuration may hold Secrets: it is not laid on a disk of the node.
    ...(request.task.verb === 'fetch' ? [empty('recoverypoint', paths.recoveryPoint, { medium: 'Memory' })] : []),
    ...(parts === undefined
      ? []
      : [
          { volume: { name: 'parts', projected: { sources: parts.map((p) => ({ secret: { name: p.secret, items: [{ key: p.key, path: p.file }] } })) } }, mount: { mountPath: paths.parts, readOnly: true } },
          empty('recoverypoint', paths.recoveryPoint),
        ]),
  ];
}
