import type { ApplicationStatus } from '../../api/appsnapshot.js';
import type { AppSnapshot } from '../../api/kinds.js';
import type { AdapterContext, Detected } from '../../hooks/adapter.js';
import { namespaceView } from '../caches.js';
import type { OperatorDeps } from '../deps.js';
import { profileReader } from '../profile-reader.js';
import { secretReader } from '../secret-reader.js';
import { nextAttemptOf } from './decide.js';
import { accountOf } from './gather.js';

/** An application as its plan found it, from status: detection could say something else by now. */
export function detectedAgain(application: ApplicationStatus, object: AppSnapshot): Detected {
  const members = application.members ?? [];
  const { mechanism } = application;
  return {
    name: application.name,
    kind: application.kind,
    pods: members.map((m) => m.pod),
    container: Object.fromEntries(members.map((m) => [m.pod, m.container])),
    rank: 0,
    by: 'status',
    mode: mechanism === 'BackupAPI' || mechanism === 'Repository' ? mechanism : 'Auto',
    credentialsSecret: object.spec.applications?.find((entry) => entry.name === application.name)?.credentialsSecretRef?.name,
    ...(application.profile === undefined ? {} : { profile: application.profile }),
  };
}

/** What adapters work with after the window. */
export function contextOf(object: AppSnapshot, deps: OperatorDeps, signal: AbortSignal): AdapterContext {
  const account = accountOf(object);
  return {
    account,
    exec: deps.exec,
    view: namespaceView(deps.caches, object.metadata.namespace),
    claims: new Set((object.status?.members ?? []).map((m) => m.claim)),
    secret: secretReader(deps.client, account),
    profile: profileReader(deps.client, account),
    setId: object.status?.setId ?? nextAttemptOf(object).setId,
    signal,
  };
}
