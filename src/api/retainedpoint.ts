import { z } from 'zod';
import { applicationStatus } from './appsnapshot.js';
import { apiGroup, apiVersion, gradeSchema } from './common.js';

/** Keys of the first Secret of a retained recovery point: the document, and its SHA-256. */
export const retainedPointFile = 'recoverypoint.json';
export const retainedDigestFile = 'sha256';

const time = z.iso.datetime({ offset: true });

/** A content of the storage API that keeps the data, and what it is in the storage. Names are reused, uids are not. */
const kept = { name: z.string(), uid: z.string(), driver: z.string(), handle: z.string() };

const volume = z.strictObject({
  claim: z.string(),
  /** Of the claim that was cut. */
  uid: z.string(),
  application: z.string().optional(),
  pods: z.array(z.string()).optional(),
  /** Quantity: the smallest volume that it fits on. */
  restoreSize: z.string().optional(),
  /** VolumeSnapshotContent. */
  content: z.strictObject({ ...kept, volumeMode: z.string().optional() }),
});

/**
 * What an AppSnapshot leaves when it goes with its namespace: all that a restore needs, and nothing that lies there. It is written when everything else of the
 * recovery point is there, so it says what there is and what belongs together. A later form gets another apiVersion.
 */
export const retainedPoint = z.strictObject({
  apiVersion: z.literal(`${apiGroup}/${apiVersion}`),
  kind: z.literal('RetainedRecoveryPoint'),
  /** Id of the snapshot set. */
  id: z.string(),
  source: z.strictObject({ namespace: z.string(), namespaceUid: z.string(), appSnapshot: z.strictObject({ name: z.string(), uid: z.string() }) }),
  cutAt: time,
  grade: gradeSchema,
  reasons: z.array(z.string()),
  applications: z.array(applicationStatus),
  /** `parts`: SHA-256 of each, in the order of the Secrets that hold them; absent without configuration. */
  capture: z.strictObject({ digest: z.string(), objects: z.int(), parts: z.array(z.string()), missing: z.array(z.string()) }).optional(),
  volumes: z.array(volume),
  /** VolumeGroupSnapshotContents of which the volumes are members. */
  groups: z.array(z.strictObject(kept)),
});
export type RetainedPoint = z.infer<typeof retainedPoint>;
