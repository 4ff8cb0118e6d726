import { z } from 'zod';
import { applicationStatus, runAs } from './appsnapshot.js';
import { apiGroup, apiVersion, gradeSchema } from './common.js';

/** Name of the document in a repository; beside it lie the parts of the capture. */
export const recoveryPointFile = 'recoverypoint.json';

const time = z.iso.datetime({ offset: true });

const volume = z.strictObject({
  claim: z.string(),
  uid: z.string(),
  application: z.string().optional(),
  pods: z.array(z.string()).optional(),
  /** Quantity: the smallest volume that it fits on. */
  restoreSize: z.string().optional(),
  storageClassName: z.string().optional(),
  accessModes: z.array(z.string()).optional(),
  /** As whom it was read; restored as the same, it gets the same owners. Older documents do not say. */
  runAs: runAs.optional(),
  /** Id in the repository, digest of the content there, and the folder that it was read from. */
  snapshotId: z.string(),
  tree: z.string(),
  path: z.string(),
  bytes: z.int().min(0),
});

/**
 * What makes a set of volumes in a repository a copy: written last, it names each of them by id and digest, and the configuration by its digest. From the
 * bucket and the key alone it says what there is and what belongs together. A later form gets another apiVersion.
 */
export const recoveryPoint = z.strictObject({
  apiVersion: z.literal(`${apiGroup}/${apiVersion}`),
  kind: z.literal('RecoveryPoint'),
  /** Id of the snapshot set: the tag `set=` of everything of it. */
  id: z.string(),
  source: z.strictObject({ namespace: z.string(), appSnapshot: z.strictObject({ name: z.string(), uid: z.string() }) }),
  cutAt: time,
  grade: gradeSchema,
  reasons: z.array(z.string()),
  applications: z.array(applicationStatus),
  /** Files beside this document, in order; absent without configuration. */
  capture: z.strictObject({ digest: z.string(), objects: z.int(), files: z.array(z.string()), missing: z.array(z.string()) }).optional(),
  volumes: z.array(volume),
});
export type RecoveryPoint = z.infer<typeof recoveryPoint>;
