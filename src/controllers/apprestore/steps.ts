import type { AppRestoreSpec, AppRestoreStatus } from '../../api/apprestore.js';
import type { ErrorCode } from '../../api/errors.js';
import { fail } from '../../api/errors.js';
import { appRestores, type AppRestore } from '../../api/kinds.js';
import type { AppError } from '../../runtime/app-error.js';
import type { ServiceAccountRef } from '../../runtime/service-account.js';
import type { OperatorDeps } from '../deps.js';
import { StatusWriter } from '../status-writer.js';
import type { Copy } from './copy.js';

/** What the steps of an AppRestore share. */
export type RestoreWriter = StatusWriter<AppRestoreStatus, AppRestore>;

export function restoreWriter(deps: OperatorDeps, object: AppRestore): RestoreWriter {
  return new StatusWriter<AppRestoreStatus, AppRestore>({ client: deps.client, type: appRestores, clock: deps.clock, object });
}

/** Namespace that is restored into. */
export function targetNamespace(object: AppRestore): string {
  return object.spec.into?.namespace ?? object.metadata.namespace;
}

/** Namespace whose copies are read from a BackupTarget. */
export function sourceNamespace({ metadata, spec }: AppRestore): string {
  return spec.from.namespace ?? metadata.namespace;
}

/** The copy lies in a BackupTarget. */
export function isFromTarget({ spec }: AppRestore): boolean {
  return spec.from.targetRef !== undefined;
}

/** The copy is what an AppSnapshot has left in the namespace of the operator. */
export function isFromRetained({ spec }: AppRestore): boolean {
  return spec.from.retained !== undefined;
}

/** The copy goes to another namespace than it came from: its original may be running. */
export function isMoved(object: AppRestore, { namespace }: Pick<Copy, 'namespace'>): boolean {
  return targetNamespace(object) !== namespace;
}

/** It is restored into another namespace than that of the object. */
export function isElsewhere(object: AppRestore): boolean {
  return targetNamespace(object) !== object.metadata.namespace;
}

/** The account under which everything in the target is made. Throws InvalidSpec when the spec names none. */
export function targetAccount(object: AppRestore): ServiceAccountRef {
  const namespace = targetNamespace(object);
  const name = object.spec.into?.serviceAccountName ?? (isElsewhere(object) ? undefined : object.spec.serviceAccountName);
  if (name === undefined) throw fail('InvalidSpec', `spec.into.serviceAccountName is required, because spec.into.namespace (${namespace}) is not the namespace of this object: name a ServiceAccount of ${namespace}.`);
  return { namespace, name };
}

/** What happens to objects that are there. A restore in place is meant for a namespace that has them. */
export function existingOf({ spec: { existing, inPlace } }: AppRestore): AppRestoreSpec['existing'] {
  return inPlace && existing === 'Fail' ? 'Adopt' : existing;
}

/** The volumes are filled in the namespace of the object, and imported from there. */
export function isStaged({ spec }: AppRestore): boolean {
  return spec.from.staged === true;
}

/** The account under which a BackupTarget is read, in the namespace whose Secrets its movers mount. Throws InvalidSpec as {@link targetAccount}. */
export function readerAccount(object: AppRestore): ServiceAccountRef {
  return isStaged(object) ? { namespace: object.metadata.namespace, name: object.spec.serviceAccountName } : targetAccount(object);
}

/** Namespace of that account, of the BackupTarget and of what its movers use. */
export function readerNamespace(object: AppRestore): string {
  return isStaged(object) ? object.metadata.namespace : targetNamespace(object);
}

/** An error of the catalogue that ends this restore, whatever the code's usual policy. */
export function finalFailure(code: ErrorCode, message: string): AppError {
  return fail(code, message, { retry: 'never' });
}

/** Events and conditions use the same reason; the note is the sentence of the condition. */
export function tell(deps: OperatorDeps, object: AppRestore, type: 'Normal' | 'Warning', reason: string, note: string): void {
  deps.events.record({ regarding: object, type, reason, action: 'Restore', note });
}

/** `1 volume`, `2 volumes`. */
export function count(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`;
}

/** The first entries of a list within a sentence, without their own full stops, and how many more there are. */
export function some(entries: readonly string[], most = 5): string {
  const rest = entries.length - most;
  const shown = entries.slice(0, most).map((entry) => entry.replace(/\.$/, ''));
  return `${shown.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
}
