import { z } from 'zod';
import { gradeSchema } from '../api/common.js';
import type { ErrorCode } from '../api/errors.js';

/** Environment variable in which a mover gets its {@link MoverRequest}. It holds no secret. */
export const requestVariable = 'MOVER_REQUEST';

/** Where a mover finds what it works with, and where it says how it ended. */
export const paths = {
  /** The key of the repository. */
  password: '/secrets/key/password',
  /** Certificates of those who may sign for the endpoint. */
  ca: '/secrets/ca/ca.crt',
  /** The volume of a target that is a claim. */
  repository: '/repository',
  /** Each volume under the name of its claim: restic finds the earlier copy of a volume by its path. */
  volumes: '/volumes',
  /** What becomes the recovery point, as Secrets mount it. */
  parts: '/parts',
  /** The same as plain files: what a Secret mounts are links. A recovery point that is fetched lies there, too. */
  recoveryPoint: '/recoverypoint',
  scratch: '/tmp',
  /** It is there when a recovery point has been fetched whole. */
  fetched: '/tmp/fetched',
  /** The kubelet copies it into the status of the pod. */
  result: '/dev/termination-log',
} as const;

const s3 = z.strictObject({
  endpoint: z.string(),
  bucket: z.string(),
  region: z.string(),
  objectLock: z.strictObject({ mode: z.enum(['Governance', 'Compliance']), retentionDays: z.int() }).optional(),
});
export type S3Place = z.infer<typeof s3>;

/** The repository of one namespace in a target. */
const place = z.strictObject({
  /** Folder of the repository, below the bucket or the volume. */
  folder: z.string().min(1),
  s3: s3.optional(),
  /** A certificate of its own is mounted. */
  ca: z.boolean(),
  /** Its id, if it is known: another is not used, and none is made. */
  id: z.string().optional(),
});
export type RepositoryPlace = z.infer<typeof place>;

const volume = z.strictObject({ claimUid: z.string(), snapshotId: z.string(), tree: z.string() });

const task = z.discriminatedUnion('verb', [
  /** Is it there, can it be read and written? Makes it where it may. */
  z.strictObject({ verb: z.literal('check') }),
  /** The volume of one claim. */
  z.strictObject({ verb: z.literal('copy'), setId: z.string(), claim: z.string(), claimUid: z.string() }),
  /** The recovery point, when all volumes are in. */
  z.strictObject({ verb: z.literal('seal'), setId: z.string(), digest: z.string(), cutAt: z.string(), grade: gradeSchema, volumes: z.array(volume) }),
  /** Gives back the room of what was forgotten. */
  z.strictObject({ verb: z.literal('prune') }),
  /** Is all there that the copies need, and a part of the data as it was written? */
  z.strictObject({ verb: z.literal('verify'), readPercent: z.int().min(0).max(100) }),
  /** Everything of a set. */
  z.strictObject({ verb: z.literal('forget'), setId: z.string() }),
  /** Which recovery points are there: the newest, and of those that are wanted by id all. */
  z.strictObject({ verb: z.literal('list'), wanted: z.array(z.string()) }),
  /** A recovery point, without its volumes; held until the operator has read it. */
  z.strictObject({ verb: z.literal('fetch'), snapshotId: z.string() }),
  /** The content of one claim. `everybody`: files may belong to any user. */
  z.strictObject({ verb: z.literal('restore'), claim: z.string(), snapshotId: z.string(), tree: z.string(), everybody: z.boolean() }),
]);
export type MoverTask = z.infer<typeof task>;

/**
 * Whether a task only reads the repository. It takes no lock then: one that a cluster which is gone has left would stand in the way, and so would credentials that may
 * only read. What is pruned meanwhile is an error, never wrong data: everything in a repository is known by its digest.
 */
export function onlyReads({ verb }: Pick<MoverTask, 'verb'>): boolean {
  return verb === 'list' || verb === 'fetch' || verb === 'restore';
}

export const moverRequest = z.strictObject({
  place,
  /** Host under which copies are written: the namespace. */
  host: z.string().min(1),
  task,
  /** KiB a second; 0: no limit. */
  limits: z.strictObject({ upload: z.int().min(0), download: z.int().min(0) }),
  /** Pods that are known to be dead: their locks are removed. */
  dead: z.array(z.string()),
});
export type MoverRequest = z.infer<typeof moverRequest>;

const point = z.strictObject({
  /** Id of the recovery point, and of its snapshot in the repository. */
  id: z.string().max(63),
  snapshotId: z.string().max(64),
  /** When it was cut; older ones say only when they were written. */
  cutAt: z.string().max(32),
  grade: gradeSchema.optional(),
});
export type ListedPoint = z.infer<typeof point>;

const success = z.strictObject({
  ok: z.literal(true),
  repositoryId: z.string().max(64),
  /** Of `check`: the complete copies, and when the first and the last of them was written. */
  copies: z.int().optional(),
  oldest: z.string().max(64).optional(),
  newest: z.string().max(64).optional(),
  /** Of `copy` and `seal`: id of the snapshot in the repository, and the digest of its content. */
  snapshotId: z.string().max(64).optional(),
  tree: z.string().max(64).optional(),
  bytes: z.int().optional(),
  bytesAdded: z.int().optional(),
  /** Of `forget`: snapshots that were removed. */
  removed: z.int().optional(),
  /** Of `list`: the newest first, and how many there are in all. */
  points: z.array(point).max(16).optional(),
  total: z.int().optional(),
  /** Of `restore`: what could not be made as it was. */
  note: z.string().max(512).optional(),
});
export type MoverSuccess = z.infer<typeof success>;

const failure = z.strictObject({
  ok: z.literal(false),
  code: z.string().max(64),
  message: z.string().max(2048),
  /** Pods, or other hosts, whose locks are in the way. */
  lockedBy: z.array(z.string().max(253)).max(16).optional(),
});
export type MoverFailure = Omit<z.infer<typeof failure>, 'code'> & { readonly code: ErrorCode };

/** How a mover ended, in its own words. */
export const moverResult = z.discriminatedUnion('ok', [success, failure]);
export type MoverResult = MoverSuccess | MoverFailure;

/** How far a mover is; a line of its log. */
export const moverProgress = z.strictObject({ bytesDone: z.int().min(0), bytesTotal: z.int().min(0), etaSeconds: z.int().min(0).optional() });
export type MoverProgress = z.infer<typeof moverProgress>;
