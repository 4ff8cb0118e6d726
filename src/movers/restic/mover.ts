import type { ErrorCode } from '../../api/errors.js';
import type { MoverFailure, MoverProgress, MoverRequest, MoverResult, MoverSuccess } from '../request.js';
import { paths } from '../request.js';
import { resticArguments } from './arguments.js';
import { meaningOf, sentence } from './classify.js';
import { isRecoveryPoint, missingVolumes } from './contents.js';
import { deadLocks, type Lock } from './locks.js';
import { readLockHost, readRepositoryId, readSnapshots, type ResticNode, type ResticSnapshot } from './output.js';
import { fetchPoint, listPoints, restoreVolume, type Reading } from './read.js';
import type { ResticRun } from './run.js';

/** What a mover does beside restic; in tests something else. */
export interface MoverSurroundings {
  readonly restic: { run: (args: readonly string[], onMessage?: Parameters<import('./run.js').Restic['run']>[1]) => Promise<ResticRun> };
  /** What keeps the target from being used, before restic is asked; undefined when nothing does. */
  probe(): Promise<{ readonly code: ErrorCode; readonly message: string } | undefined>;
  /** Lets movers of other users work in a repository on a volume. Nothing where it is in a bucket. */
  shareRepository(): Promise<void>;
  /** Removes the lock of a process that is dead. */
  removeLock(id: string): Promise<void>;
  /** Lays out the recovery point as plain files; resolves with the SHA-256 of its document. */
  layOut(): Promise<string>;
  /** Has everything below a folder written to its disk. */
  settle(folder: string): Promise<void>;
  /** Whether this process may give a file to whom it belongs to. */
  isOwn(node: ResticNode): boolean;
  onProgress(progress: MoverProgress): void;
  /** Values that must not be said. */
  readonly secrets: readonly string[];
}

/** Carries a request out. Never rejects: what cannot be done is a result as well. */
export async function move(request: MoverRequest, own: MoverSurroundings): Promise<MoverResult> {
  try {
    return await new Mover(request, own).move();
  } catch (error) {
    if (error instanceof Refused) return error.failure;
    return { ok: false, code: 'MoverFailed', message: sentence(error instanceof Error ? error.message : String(error), own.secrets) };
  }
}

class Refused extends Error {
  readonly failure: MoverFailure;

  constructor(failure: MoverFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

class Mover {
  readonly #request: MoverRequest;
  readonly #own: MoverSurroundings;
  readonly #arguments: ReturnType<typeof resticArguments>;

  constructor(request: MoverRequest, own: MoverSurroundings) {
    this.#request = request;
    this.#own = own;
    this.#arguments = resticArguments(request);
  }

  async move(): Promise<MoverSuccess> {
    const trouble = await this.#own.probe();
    if (trouble !== undefined) throw this.#refused(trouble.code, trouble.message);
    const repositoryId = await this.#open();
    await this.#removeDeadLocks();
    return { ok: true, repositoryId, ...(await this.#work()) };
  }

  async #work(): Promise<Omit<MoverSuccess, 'ok' | 'repositoryId'>> {
    const { task } = this.#request;
    switch (task.verb) {
      case 'check':
        return this.#check();
      case 'copy':
        return this.#backup(this.#arguments.volume(task.claim, task.claimUid, task.setId));
      case 'seal':
        return this.#seal(task);
      case 'prune':
        await this.#good(await this.#own.restic.run(this.#arguments.prune()));
        return {};
      case 'verify':
        return this.#verify(task.readPercent);
      case 'forget':
        return this.#forget(task.setId);
      case 'list':
        return listPoints(this.#reading(), task);
      case 'fetch':
        return fetchPoint(this.#reading(), task);
      case 'restore':
        return restoreVolume(this.#reading(), task);
    }
  }

  #reading(): Reading {
    return { own: this.#own, arguments: this.#arguments, good: (run) => this.#good(run), refused: (code, message) => this.#refused(code, message) };
  }

  /** The id of the repository. One is made only by a check, and only where none was ever seen. */
  async #open(): Promise<string> {
    const run = await this.#own.restic.run(this.#arguments.config());
    const { place, task } = this.#request;
    if (run.code === 'TargetRepositoryGone' && place.id === undefined && task.verb === 'check') return this.#make();
    const id = readRepositoryId((await this.#good(run)).stdout);
    if (id === undefined) throw this.#refused('TargetDamaged', 'restic prints no id of the repository');
    if (place.id !== undefined && place.id !== id) throw this.#refused('TargetRepositoryGone', `the repository has id ${id}, not ${place.id} as before`);
    return id;
  }

  async #make(): Promise<string> {
    const run = await this.#good(await this.#own.restic.run(this.#arguments.init()));
    const id = readRepositoryId(run.stdout);
    if (id === undefined) throw this.#refused('MoverFailed', 'restic has made a repository but does not say its id');
    await this.#own.shareRepository();
    return id;
  }

  /** A lock is taken for it: that it can be written is proven as well. */
  async #check(): Promise<Omit<MoverSuccess, 'ok' | 'repositoryId'>> {
    const run = await this.#good(await this.#own.restic.run(this.#arguments.recoveryPoints()));
    const times = readSnapshots(run.stdout).filter(isRecoveryPoint).map(({ time }) => Date.parse(time)).filter((time) => !Number.isNaN(time));
    if (times.length === 0) return { copies: 0 };
    return { copies: times.length, oldest: new Date(Math.min(...times)).toISOString(), newest: new Date(Math.max(...times)).toISOString() };
  }

  async #backup(args: readonly string[]): Promise<Omit<MoverSuccess, 'ok' | 'repositoryId'>> {
    const run = await this.#own.restic.run(args, (message) => {
      if (message.kind === 'progress') this.#own.onProgress(message.progress);
    });
    const summary = run.messages.find((m) => m.kind === 'summary')?.summary;
    if (run.code === 'MoverCannotRead') {
      // What could be read was written; nothing refers to it, and it must not look like a copy.
      if (summary !== undefined) await this.#own.restic.run(this.#arguments.forget([summary.snapshotId]));
      const first = run.messages.find((m) => m.kind === 'unreadable');
      throw this.#refused('MoverCannotRead', first === undefined ? run.said : `${first.item}: ${first.message}`);
    }
    await this.#good(run);
    if (summary === undefined) throw this.#refused('MoverFailed', 'restic ended without the id of what it has written');
    const [written] = readSnapshots((await this.#good(await this.#own.restic.run(this.#arguments.snapshot(summary.snapshotId)))).stdout);
    if (written?.id !== summary.snapshotId) throw this.#refused('TargetDamaged', `snapshot ${summary.snapshotId} is not in the repository after it was written`);
    return { snapshotId: summary.snapshotId, tree: written.tree, bytes: summary.bytes, bytesAdded: summary.bytesAdded };
  }

  async #seal(task: Extract<MoverRequest['task'], { verb: 'seal' }>): Promise<Omit<MoverSuccess, 'ok' | 'repositoryId'>> {
    const missing = missingVolumes(task.volumes, await this.#ofSet(task.setId));
    if (missing.length > 0) throw this.#refused('TargetDamaged', `not in the repository any more: ${missing.join(', ')}`);
    const digest = await this.#own.layOut();
    if (digest !== task.digest) throw this.#refused('MoverFailed', `the recovery point has digest ${digest}, not ${task.digest}: its Secret was changed`);
    return this.#backup(this.#arguments.recoveryPoint(task));
  }

  /** What restic finds wrong with the repository has no exit code of its own: whatever is not known to be something else is damage. */
  async #verify(readPercent: number): Promise<Omit<MoverSuccess, 'ok' | 'repositoryId'>> {
    const run = await this.#own.restic.run(this.#arguments.verify(readPercent));
    if (run.code !== 'MoverFailed' || run.exitCode !== 1) await this.#good(run);
    if (run.code === undefined) return {};
    const found = run.messages.find((m) => m.kind === 'unreadable');
    throw this.#refused('TargetDamaged', found?.message ?? run.said);
  }

  /** What makes it a copy goes first: half of one is none. */
  async #forget(setId: string): Promise<Omit<MoverSuccess, 'ok' | 'repositoryId'>> {
    const all = await this.#ofSet(setId);
    const [points, volumes] = [all.filter(isRecoveryPoint), all.filter((s) => !isRecoveryPoint(s))];
    for (const group of [points, volumes]) {
      if (group.length > 0) await this.#good(await this.#own.restic.run(this.#arguments.forget(group.map(({ id }) => id))));
    }
    return { removed: all.length };
  }

  async #ofSet(setId: string): Promise<ResticSnapshot[]> {
    return readSnapshots((await this.#good(await this.#own.restic.run(this.#arguments.ofSet(setId)))).stdout);
  }

  async #removeDeadLocks(): Promise<void> {
    if (this.#request.dead.length === 0) return;
    for (const { id } of deadLocks(await this.#locks(), this.#request.dead)) await this.#own.removeLock(id);
  }

  async #locks(): Promise<Lock[]> {
    const ids = (await this.#own.restic.run(this.#arguments.locks())).stdout.split('\n').filter((line) => /^[0-9a-f]{64}$/.test(line));
    const locks: Lock[] = [];
    for (const id of ids.slice(0, 64)) locks.push({ id, host: readLockHost((await this.#own.restic.run(this.#arguments.lock(id))).stdout) });
    return locks;
  }

  /** A list with holes is none: what is missing in it would be taken for gone. */
  async #good(run: ResticRun): Promise<ResticRun> {
    if (run.code === undefined && run.leftOut !== undefined) throw this.#refused(meaningOf(run.leftOut) ?? 'MoverFailed', `not every snapshot could be read: ${run.leftOut}`);
    if (run.code === undefined) return run;
    const failure = this.#refused(run.code, run.said).failure;
    if (run.code !== 'TargetLocked') throw new Refused(failure);
    const hosts = [...new Set((await this.#locks()).map(({ host }) => host))].filter((host) => host !== '').slice(0, 16);
    throw new Refused({ ...failure, lockedBy: hosts });
  }

  #refused(code: ErrorCode, message: string): Refused {
    return new Refused({ ok: false, code, message: sentence(message, this.#own.secrets) });
  }
}

/** Where the kubelet mounts what becomes the recovery point. */
export const recoveryPointDocument = `${paths.parts}/recoverypoint.json`;
