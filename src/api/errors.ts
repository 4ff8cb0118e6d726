import { AppError, type RetryPolicy } from '../runtime/app-error.js';

interface CatalogueEntry {
  readonly retry: RetryPolicy;
  /** What it means, for docs/errors.md. */
  readonly meaning: string;
  /** The way out. */
  readonly remedy: string;
}

/** Every error code of ours: condition reason, event reason and log field. docs/errors.md lists the same (tested). */
export const errorCatalogue = {
  InvalidSpec: { retry: 'never', meaning: 'A field of the spec has a value that the schema of the CRD lets pass but that cannot be used.', remedy: 'Correct the field that the message names.' },
  NamespaceNotServed: { retry: 'after', meaning: 'The operator may not act for accounts of this namespace.', remedy: 'An admin runs the command in the message.' },
  PoliciesMissing: { retry: 'after', meaning: 'An admission policy that fences the agents, the authors or the status, or its binding, is not installed or does not deny.', remedy: 'Delete the object that the message names, if it is there; then helm upgrade --install with admission.enabled=true.' },
  AccountNotFound: { retry: 'after', meaning: 'spec.serviceAccountName names an account that does not exist.', remedy: 'Create the ServiceAccount or correct the name.' },
  AccountNotAllowed: { retry: 'after', meaning: 'The account lacks a right that the work needs.', remedy: 'Bind the ClusterRoles admin and stillpoint-tenant to it, or grant what the message names.' },
  NoMembers: { retry: 'after', meaning: 'The selector matches no claim.', remedy: 'Correct spec.selector, or create the claims.' },
  ClaimNotBound: { retry: 'after', meaning: 'A selected claim is not bound to a volume.', remedy: 'Bind it, or leave it out with spec.selector.' },
  UnsupportedVolume: { retry: 'after', meaning: 'A selected claim has no CSI volume.', remedy: 'Leave it out with spec.selector.' },
  SnapshotClassMissing: { retry: 'after', meaning: 'No snapshot class can be chosen for a driver.', remedy: 'Create one, mark one as default, or name it in the spec.' },
  SnapshotClassWrongDriver: { retry: 'never', meaning: 'The class named in the spec belongs to another driver.', remedy: 'Name a class of the driver that the message gives.' },
  GroupSnapshotNotProcessed: { retry: 'backoff', meaning: 'Nobody works on the VolumeGroupSnapshot.', remedy: 'Enable the feature gate CSIVolumeGroupSnapshot on snapshot-controller and csi-snapshotter.' },
  SnapshotFailed: { retry: 'backoff', meaning: 'The storage refused or failed a snapshot.', remedy: 'See the message of the driver.' },
  MembersDiffer: { retry: 'backoff', meaning: 'The snapshot set does not cover exactly the planned claims.', remedy: 'Nothing: the window is repeated. If it persists, something changes claims during the cut.' },
  ContainerNotFound: { retry: 'after', meaning: 'A container named in the spec does not exist or does not run.', remedy: 'Correct spec.applications[].container.' },
  ApplicationNotFound: { retry: 'after', meaning: 'An application of the spec selects no running pod.', remedy: 'Correct spec.applications[].selector.' },
  ProfileNotFound: { retry: 'after', meaning: 'spec.applications[].profileRef names a QuiesceProfile that does not exist, or that the account may not read.', remedy: 'Create it or correct the name; bind the ClusterRole stillpoint-tenant to the account.' },
  ProfileCommandFailed: { retry: 'backoff', meaning: 'A command of a QuiesceProfile failed, was late, or did not print what it should.', remedy: 'Correct the field of the profile that the message names, or repair the application.' },
  DataOutsideSet: { retry: 'after', meaning: 'A database keeps data on a path that no selected claim holds.', remedy: 'Select the claim, or move the data.' },
  ApplicationNotReady: { retry: 'backoff', meaning: 'A database does not answer or is not healthy enough to be held.', remedy: 'Repair it, then the copy is tried again.' },
  RepositoryNotUsable: { retry: 'after', meaning: 'Mode Repository finds no snapshot repository of the server that it can use, or several.', remedy: 'Register one of type fs on a claim of the copy, or name one in spec.applications[].repository, as the message says.' },
  RepositorySnapshotRunning: { retry: 'after', meaning: 'The server is still taking the snapshot of its own that mode Repository copies.', remedy: 'None: the copy goes on when it is done.' },
  RepositorySnapshotFailed: { retry: 'backoff', meaning: 'The server did not complete the snapshot of its own that mode Repository copies, or it is gone again. A partial one counts as failed.', remedy: 'See the reason in the message; then it is taken anew.' },
  HoldNotPossible: { retry: 'after', meaning: 'No mechanism can hold a member as the spec asks.', remedy: 'Install the agent, lower consistency.required, or allow onUnmet: Downgrade.' },
  BudgetTooSmall: { retry: 'after', meaning: 'The limits of the spec, a pod or a database leave less time than the cut takes.', remedy: 'Raise what the message names: spec.quiesce.maxHold or the failureThreshold of a liveness probe; or use group snapshots.' },
  HoldRefused: { retry: 'backoff', meaning: 'A holder did not freeze what it was asked to.', remedy: 'See the message of the holder.' },
  HoldBroken: { retry: 'backoff', meaning: 'A hold ended before the cut was seen: it proves nothing.', remedy: 'The window is repeated. If it persists, the cut takes longer than the limits allow.' },
  CutTooSlow: { retry: 'backoff', meaning: 'The storage did not report the cut within the limit of the hold.', remedy: 'See whether the driver supports group snapshots; many single snapshots take long.' },
  LeaseTooOld: { retry: 'backoff', meaning: 'Leadership could not be proven for the length of a hold.', remedy: 'None, if it passes; else see the latency of the API server.' },
  GradeUnmet: { retry: 'never', meaning: 'The copy did not reach spec.consistency.required and was removed.', remedy: 'See status.reasons; lower the requirement or allow onUnmet: Downgrade.' },
  CaptureFailed: { retry: 'backoff', meaning: 'The configuration could not be saved.', remedy: 'See the message.' },
  RetainRefused: { retry: 'after', meaning: 'spec.deletionPolicy is Retain, and the recovery point cannot be kept in the namespace of the operator: a quota, a limit of the chart, or something of the copy stands in the way. Until it is kept the copy is not ready.', remedy: 'See the message. An admin makes room, or set spec.deletionPolicy to Delete.' },
  CaptureDamaged: { retry: 'never', meaning: 'The saved configuration does not have the digest in status.', remedy: 'Restore volumes only, or restore another copy.' },
  SnapshotNotReady: { retry: 'after', meaning: 'The copy to restore is not ready.', remedy: 'Wait for it, or name another.' },
  SnapshotNotFound: { retry: 'after', meaning: 'There is no such AppSnapshot.', remedy: 'Correct spec.from.' },
  TargetNotFound: { retry: 'after', meaning: 'The target namespace does not exist.', remedy: 'Create it, and its service account.' },
  RestoreRefused: { retry: 'after', meaning: 'Something in the plan may not or cannot be made.', remedy: 'See status.plan.refuse.' },
  PlanNotSaved: { retry: 'after', meaning: 'The ConfigMap for the plan of a dry run is there, and belongs to somebody else.', remedy: 'Delete it, or give the AppRestore another name. That of a former AppRestore goes by itself.' },
  RestoreFailed: { retry: 'backoff', meaning: 'An object of the copy could not be made.', remedy: 'See the message of the API server.' },
  VolumeRestoreFailed: { retry: 'backoff', meaning: 'The storage could not make or fill a volume.', remedy: 'See the message of the driver or the mover.' },
  PreviousVolumesLost: { retry: 'after', meaning: 'spec.previousVolumes is Restore, but an old volume is not there any more or belongs to somebody else, or a claim of its name is not of this restore. Nothing was touched.', remedy: 'See the message. Set spec.previousVolumes to Keep to go on, or restore another copy.' },
  RolledBack: { retry: 'never', meaning: 'spec.previousVolumes is Restore: the claims have their old volumes again, and what ran before the restore in place was started.', remedy: 'None. To restore again, create another AppRestore.' },
  RestoreUnderWay: { retry: 'after', meaning: 'An AppRestore replaces volumes of the namespace in place, or has left them half done: a copy of them would be worth nothing.', remedy: 'Wait until it has ended; or go back by spec.previousVolumes: Restore in it.' },
  StartFailed: { retry: 'never', meaning: 'The restored application did not become ready in time.', remedy: 'See its pods; nothing was removed.' },
  CheckFailed: { retry: 'never', meaning: 'A check of the restored application failed.', remedy: 'See status.applications[].checks; restore another copy.' },
  CopyRefused: { retry: 'backoff', meaning: 'An AppSnapshot of a VolumePolicy could not be made or deleted.', remedy: 'See the message: correct the field of spec.protection that it names, or remove the object that is in the way.' },
  DrillsDisabled: { retry: 'after', meaning: 'spec.protection.verify asks for drills, and no admin has switched them on.', remedy: 'An admin sets the chart value drills.enabled to true; or remove spec.protection.verify.' },
  DrillRefused: { retry: 'after', meaning: 'A drill could not be prepared: something of it may not or cannot be made.', remedy: 'See the message. It is tried again until the time of the drill is over.' },
  BackupTargetNotFound: { retry: 'after', meaning: 'The spec names a BackupTarget that does not exist.', remedy: 'Create it; the copy or the restore then goes on.' },
  BackupTargetNotReady: { retry: 'after', meaning: 'The BackupTarget has not passed a check yet, or is suspended.', remedy: 'See its conditions; the copy or the restore goes on when it is ready.' },
  RecoveryPointNotFound: { retry: 'after', meaning: 'The repository of the namespace in the target, the recovery point in it, or the one that was retained, does not exist, or not any more.', remedy: 'Name one of those that the message lists in spec.from.recoveryPoint of a new AppRestore, or correct spec.from.namespace. Of those that were retained kubectl stillpoint retained prints the uids.' },
  RecoveryPointNotVerified: { retry: 'never', meaning: 'The spec asks for latest-verified, and no recovery point in the target is known to be verified in this cluster.', remedy: 'Name latest or an id in spec.from.recoveryPoint of a new AppRestore; when its checks pass, that one is verified.' },
  RecoveryPointUnusable: { retry: 'never', meaning: 'The recovery point is not in a form that this version can read, is not what it says, or a part of it is missing.', remedy: 'See the message; restore another one, or by a newer version.' },
  TargetSecretMissing: { retry: 'after', meaning: 'A Secret that a BackupTarget names is not there, or lacks a key.', remedy: 'Create it with the keys that the message names.' },
  TargetKeyLost: { retry: 'after', meaning: 'The Secret with the encryption key is gone, but there is a repository that was encrypted by it. No other key is made.', remedy: 'Restore the Secret from where you keep it. Without it the copies cannot be read: then name another bucket, prefix or path.' },
  TargetKeyWrong: { retry: 'after', meaning: 'The repository in the target was encrypted by another key.', remedy: 'Put the right key into the Secret of encryptionKeySecretRef, or name another bucket, prefix or path.' },
  TargetCredentialsWrong: { retry: 'after', meaning: 'The target refuses the credentials, or they may not read and write there.', remedy: 'Correct the Secret of s3.credentialsSecretRef, or the rights of its user at the target.' },
  TargetCertificateUntrusted: { retry: 'after', meaning: 'The certificate of the endpoint is not signed by those who may.', remedy: 'Put the certificate of its authority into the Secret of s3.caSecretRef, as ca.crt.' },
  TargetBucketMissing: { retry: 'after', meaning: 'The bucket or the claim of the target does not exist, or not any more.', remedy: 'Create it or bring it back, or correct s3.bucket or persistentVolumeClaim.claimName.' },
  TargetRepositoryGone: { retry: 'after', meaning: 'The repository that was in the target is not there any more, or is another one. A new one is not made in its place.', remedy: 'Bring it back. To begin anew, name another prefix or path.' },
  TargetNotLocked: { retry: 'after', meaning: 'The bucket does not lock objects as s3.objectLock asks.', remedy: 'Set its default retention, or lower s3.objectLock.' },
  TargetFull: { retry: 'after', meaning: 'The target has no more room.', remedy: 'Give it more, or delete copies; the copy then goes on, and what was written stays.' },
  TargetNotWritable: { retry: 'after', meaning: 'The mover may not write to the volume of the target.', remedy: 'Let group 65532 write to it.' },
  TargetUnreachable: { retry: 'after', meaning: 'The target does not answer.', remedy: 'See the message: name, port, network policies, proxy.' },
  TargetLocked: { retry: 'after', meaning: 'Another process works on the repository and has locked it.', remedy: 'None: locks of movers that are dead are removed. For those of others see the message.' },
  TargetDamaged: { retry: 'after', meaning: 'Something in the repository is missing, or is not what was written. No copy is written there: it would lean on it.', remedy: 'Run restic check and restic repair on it with the key, see docs/backuptarget.md; or name another bucket, prefix or path.' },
  CopyUnfinished: { retry: 'never', meaning: 'The snapshots expired before they were complete in the target.', remedy: 'Raise spec.expiresAfter of the next, or see why the target was not ready.' },
  MoverCannotRead: { retry: 'after', meaning: 'The mover may not read a file of the volume as the user of the pod that it belongs to.', remedy: 'An admin allows movers that read as root: the annotation stillpoint.dev/privileged-movers: "true" on the namespace.' },
  MoverCannotWrite: { retry: 'after', meaning: 'A file of the copy belongs to another user than the one under which the volume is restored: only root can give it to that user.', remedy: 'An admin allows movers that write as root: the annotation stillpoint.dev/privileged-movers: "true" on the namespace that is restored into.' },
  StorageClusterNotFound: { retry: 'after', meaning: 'spec.storageClusterRef names a StorageCluster that does not exist.', remedy: 'Correct the name, or have an admin create it.' },
  StorageClusterNotReady: { retry: 'after', meaning: 'The StorageCluster that a policy refers to is not ready.', remedy: 'See its conditions: kubectl describe stc NAME. The policy goes on when it is.' },
  DriverNotFound: { retry: 'after', meaning: 'There is no CSIDriver of the name in spec.engine.external.driver, or no node has it.', remedy: 'Install the driver, or correct the name.' },
  OfferedClassUnusable: { retry: 'after', meaning: 'A StorageClass in spec.offers.classes does not exist, belongs to another driver, or was made for a VolumePolicy.', remedy: 'Create it, or correct the list.' },
  NotOffered: { retry: 'after', meaning: 'The StorageCluster does not offer this to the namespace of the policy.', remedy: 'See the message: ask for what is offered, or have an admin change spec.offers.' },
  OfferExceeded: { retry: 'after', meaning: 'A policy asks for more than the StorageCluster offers.', remedy: 'Lower the field that the message names, or have an admin raise the bound beside it.' },
  PolicyNotEnforceable: { retry: 'after', meaning: 'The driver has no parameter for a field of the policy, or cannot be told this value.', remedy: 'Remove the field that the message names, use another StorageCluster, or have an admin name the parameter in spec.engine.external.parameters.' },
  ClassNotOurs: { retry: 'after', meaning: 'There is a StorageClass of the name that the policy wants, and it was not made for this policy; or the name belongs to another namespace.', remedy: 'Name another in spec.storageClassName, or have an admin delete the class.' },
  VolumeChangeRefused: { retry: 'backoff', meaning: 'A class or a claim could not be changed as the policy wants.', remedy: 'See the message of the API server, for example a quota.' },
  MoverFailed: { retry: 'after', meaning: 'A mover could not do its work, or was killed.', remedy: 'See the message. It is tried again, and goes on with what is in the target already.' },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

/** An error of the catalogue. `message` is a sentence that names the field or object and the way out; `retry` takes the place of the code's own policy. */
export function fail(code: ErrorCode, message: string, options: { cause?: unknown; afterSeconds?: number; retry?: RetryPolicy } = {}): AppError {
  return new AppError(code, message, { retry: errorCatalogue[code].retry, ...options });
}
