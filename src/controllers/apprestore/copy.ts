import type { RestoreSourceStatus } from '../../api/apprestore.js';
import type { ApplicationStatus } from '../../api/appsnapshot.js';
import type { Capture } from '../../manifests/captured.js';
import type { RunAs } from '../../movers/job.js';
import type { RetainedSnapshot } from '../../snapshots/import-retained.js';

/** One volume of a copy, and where its content lies. */
export interface CopiedVolume {
  readonly claim: string;
  /** Uid of the claim that was cut. */
  readonly uid: string;
  readonly application: string | undefined;
  readonly pods: readonly string[];
  /** Quantity: the smallest volume that it fits on. */
  readonly restoreSize: string | undefined;
  readonly content: SnapshotContent | RepositoryContent | RetainedContent;
}

/** In a VolumeSnapshot of the namespace that was copied. */
export interface SnapshotContent {
  readonly kind: 'snapshot';
  readonly snapshot: string;
  readonly driver: string;
}

/** In the repository of a BackupTarget, by id and digest. */
export interface RepositoryContent {
  readonly kind: 'repository';
  readonly snapshotId: string;
  readonly tree: string;
  readonly bytes: number;
  /** As whom it was read; older recovery points do not say. */
  readonly runAs: RunAs | undefined;
}

/** In the storage, kept there by a content whose snapshot may be gone. */
export interface RetainedContent extends RetainedSnapshot {
  readonly kind: 'retained';
}

/** A copy as a restore sees it, wherever it lies. */
export interface Copy {
  /** Namespace that was copied. */
  readonly namespace: string;
  readonly setId: string;
  readonly applications: readonly ApplicationStatus[];
  readonly volumes: readonly CopiedVolume[];
  /** As the status of the restore names it. */
  readonly status: RestoreSourceStatus;
}

/** A copy with its configuration; undefined where it has none, and none is needed. */
export interface ReadCopy {
  readonly copy: Copy;
  readonly capture: Capture | undefined;
}
