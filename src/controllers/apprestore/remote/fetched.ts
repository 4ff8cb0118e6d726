import { labels } from '../../../api/common.js';
import { fail } from '../../../api/errors.js';
import type { AppRestore } from '../../../api/kinds.js';
import { recoveryPointFile, type RecoveryPoint } from '../../../api/recoverypoint.js';
import { noSuchFile, notYet, showCommand } from '../../../movers/held.js';
import { moverRole } from '../../../movers/job.js';
import { isAlreadyExists } from '../../../runtime/api-error.js';
import { secrets } from '../../../runtime/resource.js';
import type { OperatorDeps } from '../../deps.js';
import { readerAccount } from '../steps.js';
import { readDocument, unusable } from './document.js';
import { fetchedNames, fetchedSecret, type ReadContext } from './objects.js';

/** A part of a configuration is 384 KiB, the document 900 KiB at most; in base64 it is a third more. */
const mostBytes = 4 * 1024 * 1024;

/** What the pod of a mover holds. */
export interface Held {
  readonly text: string;
  readonly point: RecoveryPoint;
  readonly parts: readonly Buffer[];
}

/**
 * Reads the recovery point from the pod that holds it, by exec as the account: a log would show the configuration, which may hold Secrets, to whoever may read logs.
 * Undefined when it is not there yet. Throws MoverFailed, RecoveryPointUnusable.
 */
export async function readHeld(object: AppRestore, pod: string, deps: OperatorDeps): Promise<Held | undefined> {
  const id = object.status?.transfer?.id ?? '';
  const document = await readFile(object, pod, recoveryPointFile, deps);
  if (document === undefined) return undefined;
  const text = document.toString('utf8');
  const point = readDocument(text, object, id);
  const parts: Buffer[] = [];
  for (const file of point.capture?.files ?? []) {
    const part = await readFile(object, pod, file, deps);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return { text, point, parts };
}

async function readFile(object: AppRestore, pod: string, file: string, deps: OperatorDeps): Promise<Buffer | undefined> {
  const account = readerAccount(object);
  const { outcome, stdout, truncated } = await deps.exec.run({ namespace: account.namespace, pod, container: moverRole, command: showCommand(file) }, { as: account, maxOutputBytes: mostBytes });
  if (outcome.kind === 'exited') {
    const { code } = outcome;
    if (code === 0 && !truncated) return Buffer.from(stdout, 'base64');
    if (code === notYet) return undefined;
    if (code === 0 || code === noSuchFile) throw unusable(object.status?.transfer?.id ?? '', `its part ${file} is ${code === 0 ? 'too large' : 'missing'}.`);
  }
  // Whoever is killed has an exit code, too, and says nothing of the file.
  const why = outcome.kind === 'lost' ? outcome.why : outcome.kind === 'exited' ? `exit code ${outcome.code}` : outcome.message;
  throw fail('MoverFailed', `${file} could not be read from pod ${pod}: ${why}.`, { afterSeconds: 10 });
}

/** Keeps what was read in Secrets of the namespace in which it was read, as the account. What is there already was made by an earlier try; its digest is checked before use. */
export async function keep(context: Pick<ReadContext, 'object' | 'target'>, { text, parts }: Held, deps: OperatorDeps): Promise<void> {
  const { object } = context;
  const client = deps.client.as(readerAccount(object));
  const names = fetchedNames(object, parts.length);
  const files: [string, Buffer][] = [[names.document, Buffer.from(text)], ...parts.map((part, i): [string, Buffer] => [names.parts[i] ?? '', part])];
  for (const [name, content] of files) {
    const secret = fetchedSecret(context, name, content);
    try {
      await client.create(secrets, secret);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const found = await client.get(secrets, { namespace: readerAccount(object).namespace, name });
      if (found.metadata.labels?.[labels.restore] !== object.metadata.uid) throw fail('MoverFailed', `Secret ${name} exists, and is none of Stillpoint's. Delete it: its name is needed.`, { afterSeconds: 30 });
    }
  }
}
