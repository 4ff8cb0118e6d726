import { fail } from '../api/errors.js';
import { isAlreadyExists } from '../runtime/api-error.js';
import { AppError } from '../runtime/app-error.js';
import { abortError } from '../runtime/clock.js';
import type { Cache } from '../runtime/cache.js';
import type { KubeObject } from '../runtime/object.js';
import type { ContentView } from './contents.js';

/** A cut that is ready to be made inside a window; structurally the `Cut` of the hold. */
export interface PreparedCut {
  /** Name of the VolumeGroupSnapshot or VolumeSnapshot. */
  readonly name: string;
  /** True when the storage declares that the members of this cut share one instant. */
  readonly atomic: boolean;
  readonly claimUids: readonly string[];
  /** Made when all others were seen. */
  readonly last: boolean;
  /**
   * Sends the prepared create and resolves at the first content that carries its creation time and its handle.
   * Rejects when the create fails, or when the signal aborts: with what the storage said, if it said anything.
   */
  run(signal: AbortSignal, onStep?: (step: CutStep) => void): Promise<void>;
}

/** On the way to a cut: the API server has answered the create; the content object is there. */
type CutStep = 'answered' | 'content';

interface CutRun {
  readonly namespace: string;
  readonly name: string;
  readonly kind: 'group' | 'single';
  readonly contents: Cache<ContentView>;
  readonly create: () => Promise<KubeObject>;
}

/**
 * One run of a cut. The content is found by its reference (namespace and name, which nobody else uses: the name has
 * our uid in it), so its event counts even when it overtakes the answer of the create; the uids must agree in the end.
 */
export function runCut(cut: CutRun, signal: AbortSignal, onStep: (step: CutStep) => void = () => undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    let created: string | undefined;
    let content: ContentView | undefined;
    const end = (finish: () => void): void => {
      unsubscribe();
      signal.removeEventListener('abort', onAbort);
      finish();
    };
    const check = (): void => {
      if (created === undefined || content?.ref.uid !== created) return;
      if (content.cut && content.handle !== undefined) end(resolve);
    };
    const onAbort = (): void => end(() => reject(whyNotCut(cut, content, signal)));
    const unsubscribe = cut.contents.subscribe((event) => {
      if (event.type === 'deleted' || event.object.ref.name !== cut.name || event.object.ref.namespace !== cut.namespace) return;
      if (content === undefined) onStep('content');
      content = event.object;
      check();
    }, { replay: false }); // its content cannot be there yet
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    cut.create().then(
      (object) => {
        created = object.metadata.uid;
        onStep('answered');
        check();
      },
      (error: unknown) => end(() => reject(createFailed(cut, error))),
    );
  });
}

/** The sidecar retries what the driver refuses, so its errors count only when the time is up. */
function whyNotCut(cut: CutRun, content: ContentView | undefined, signal: AbortSignal): AppError {
  const reason = abortError(signal);
  if (reason instanceof AppError && reason.code !== 'CutTooSlow') return reason;
  if (content?.error !== undefined) return fail('SnapshotFailed', `The storage failed ${cut.name}: ${content.error}`, { cause: reason });
  if (content !== undefined) return fail('CutTooSlow', `The storage did not report the cut ${cut.name} in time.`, { cause: reason });
  if (cut.kind === 'group') {
    return fail('GroupSnapshotNotProcessed', `No content was made for VolumeGroupSnapshot ${cut.name}: the feature gate CSIVolumeGroupSnapshot may be off.`, { cause: reason });
  }
  return fail('CutTooSlow', `No content was made for VolumeSnapshot ${cut.name} in time.`, { cause: reason });
}

function createFailed(cut: CutRun, error: unknown): AppError {
  if (isAlreadyExists(error)) return fail('SnapshotFailed', `${cut.name} exists already: its create was answered before, or somebody else made it.`, { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return fail('SnapshotFailed', `The API server did not create ${cut.name}: ${message}`, { cause: error });
}
