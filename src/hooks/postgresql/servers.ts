import type { AdapterContext, Detected } from '../adapter.js';
import { parseCredentials, type Credentials } from '../credentials.js';
import { Server } from './connection.js';

/** User and password of the Secret; undefined when none is named. Throws AppError InvalidSpec for one without them. */
export async function credentialsOf(secretName: string | undefined, context: Pick<AdapterContext, 'secret'>): Promise<Credentials | undefined> {
  return secretName === undefined ? undefined : parseCredentials(secretName, await context.secret(secretName));
}

/** A connection to each server of a running application. */
export async function serversOf(app: Detected, context: AdapterContext): Promise<Server[]> {
  const credentials = await credentialsOf(app.credentialsSecret, context);
  const { exec, account, signal } = context;
  const { namespace } = context.view;
  return app.pods.map((pod) => new Server({ exec, account, namespace, pod, container: app.container[pod] ?? '', credentials, patienceSeconds: 0, signal }));
}
