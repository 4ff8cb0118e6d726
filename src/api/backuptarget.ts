import { z } from 'zod';
import { conditions, durationWithin, objectName, secretRef } from './common.js';

/** Phases of a BackupTarget. */
export const targetPhases = ['Pending', 'Checking', 'Ready', 'NotReady'] as const;

/** A path without a way out: no empty, `.` or `..` parts. */
const path = z.string().max(512).regex(/^([A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)?$/);

const objectLock = z
  .strictObject({
    mode: z.enum(['Governance', 'Compliance']).describe('Compliance: nobody can delete earlier, nor change this. Governance: accounts with a special right can. Compliance fulfils both.'),
    retention: durationWithin('24h', '87600h').describe('How long every object must be locked after it was written. 24h to 87600h, counted in whole days.'),
  })
  .describe('What the default retention of the bucket must be at least; the bucket itself locks. A bucket that locks less is not used.');

const s3 = z
  .strictObject({
    endpoint: z
      .string()
      .min(8)
      .max(253)
      .regex(/^https?:\/\/[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[1-9][0-9]{0,4})?$/)
      .describe('Address of the server, for example https://s3.eu-central-1.amazonaws.com. With http:// names and sizes of objects can be seen on the way; their content is always encrypted.'),
    bucket: z.string().min(3).max(63).regex(/^[a-z0-9][a-z0-9.-]*[a-z0-9]$/).describe('Bucket; it must exist.'),
    prefix: path.default('').describe('Folder in the bucket. The repository lies in a folder of it with the name of this namespace.'),
    region: z.string().min(1).max(63).regex(/^[a-z0-9-]+$/).default('us-east-1').describe('Region by which requests are signed.'),
    credentialsSecretRef: secretRef.describe('Secret of this namespace with the keys AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.'),
    caSecretRef: secretRef.optional().describe('Secret of this namespace with the key ca.crt: certificates in PEM of those who may sign for the endpoint. Default: those that the world trusts.'),
    objectLock: objectLock.optional(),
  })
  .describe('A bucket of S3, or of a server that speaks it.');

const claim = z
  .strictObject({
    claimName: objectName.describe('PersistentVolumeClaim of this namespace. Use one of another storage than that of the volumes that are copied, and with ReadWriteMany where pods run on several nodes.'),
    path: path.default('').describe('Folder in the volume. The repository lies in a folder of it with the name of this namespace.'),
  })
  .describe('A volume, mostly of a file server.');

const rate = z.string().min(1).max(11).regex(/^[1-9][0-9]*(Ki|Mi|Gi)$/);

const oneWayRule = { rule: 'has(self.s3) != has(self.persistentVolumeClaim)', message: 'exactly one of s3 and persistentVolumeClaim must be set' };

export const backupTargetSpec = z
  .strictObject({
    serviceAccountName: objectName.describe('Service account of this namespace under which the target is checked. The author of this object must be allowed to impersonate it.'),
    s3: s3.optional(),
    persistentVolumeClaim: claim.optional(),
    encryptionKeySecretRef: secretRef
      .optional()
      .describe('Secret of this namespace with the key password, by which everything in the repository is encrypted. Default: the Secret <name of this object>-encryption-key, which is made when it is not there. Without it no copy can be read: keep it elsewhere as well.'),
    bandwidth: z
      .strictObject({
        upload: rate.optional().describe('Bytes a second to the target, for example 50Mi.'),
        download: rate.optional().describe('Bytes a second from the target.'),
      })
      .optional()
      .describe('Limits of one AppSnapshot that is copied; its movers share them. Default: none.'),
    concurrency: z.int().min(1).max(32).default(2).describe('Volumes of this namespace that are copied to the target at a time.'),
    checkEvery: durationWithin('1m', '168h').default('1h').describe('How often it is checked that the target can be read and written. 1m to 168h.'),
    maintenance: z
      .strictObject({
        pruneEvery: durationWithin('1m', '8760h').default('168h').describe('How often the room of copies that were forgotten is given back. 1m to 8760h. Nothing is copied meanwhile.'),
        verifyEvery: durationWithin('1m', '8760h').default('168h').describe('How often the repository is verified: that all that the copies need is there, and a part of the data as it was written. 1m to 8760h.'),
        readPercent: z.int().min(0).max(100).default(5).describe('Percent of the data that is read by that, each time another part.'),
      })
      .default({ pruneEvery: '168h', verifyEvery: '168h', readPercent: 5 })
      .describe('What keeps the repository small and sound.'),
    suspend: z.boolean().default(false).describe('True: nothing is checked, and no copy to it is begun. What is under way is finished.'),
  })
  .refine((spec) => (spec.s3 === undefined) !== (spec.persistentVolumeClaim === undefined), oneWayRule.message)
  .meta({ 'x-kubernetes-validations': [oneWayRule] });
export type BackupTargetSpec = z.infer<typeof backupTargetSpec>;

const time = z.iso.datetime({ offset: true });

/** What a round of work on a target may be for. */
export const targetTasks = ['Check', 'Prune', 'Verify'] as const;
export type TargetTask = (typeof targetTasks)[number];

const upkeep = z.strictObject({
  endedAt: time.describe('When it ended.'),
  succeeded: z.boolean().describe('Whether it did what it should.'),
  message: z.string().max(2048).optional().describe('What went wrong.'),
});

export const backupTargetStatus = z.strictObject({
  observedGeneration: z.int().min(0).optional().describe('Generation of the spec that the status speaks about.'),
  phase: z.enum(targetPhases).optional().describe('Whether copies can be written to it.'),
  repository: z
    .strictObject({
      location: z.string().max(1024).describe('Where it lies.'),
      id: z.string().max(64).describe('Its id; one that is found there later with another id is not used.'),
      keySecret: z.string().max(253).describe('Secret with the key that opens it.'),
    })
    .optional()
    .describe('The repository of this namespace in the target.'),
  check: z
    .strictObject({
      task: z.enum(targetTasks).describe('What it is for: whether the target can be read and written, or maintenance.'),
      round: z.int().min(1).describe('Number of the check.'),
      generation: z.int().min(0).describe('Generation of the spec that it goes by.'),
      startedAt: time.describe('When it began.'),
      endedAt: time.optional().describe('When it ended; not there while it runs.'),
    })
    .optional()
    .describe('The newest check.'),
  failures: z.int().min(0).optional().describe('Checks that failed since the last one that did not.'),
  lockedBy: z.array(z.string().max(253)).max(16).optional().describe('Pods whose locks the last check found in its way.'),
  lastReachable: time.optional().describe('When a check last passed.'),
  maintenance: z
    .strictObject({ prune: upkeep.optional().describe('The newest prune.'), verify: upkeep.optional().describe('The newest verification.') })
    .optional()
    .describe('The newest maintenance.'),
  copies: z.int().min(0).optional().describe('Complete copies of this namespace in the target when it was last checked.'),
  oldestCopy: time.optional().describe('When the oldest of them was written.'),
  newestCopy: time.optional().describe('When the newest of them was written.'),
  conditions: conditions.optional(),
});
export type BackupTargetStatus = z.infer<typeof backupTargetStatus>;
