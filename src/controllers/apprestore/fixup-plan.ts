import type { ApplicationKind } from '../../api/common.js';
import type { ApplicationStatus } from '../../api/appsnapshot.js';
import type { AppRestore } from '../../api/kinds.js';
import type { ApplicationAdapter, CopiedApplication, FixupStep } from '../../hooks/adapter.js';
import type { KubeObject } from '../../runtime/object.js';
import type { Copy } from './copy.js';
import { fixupPod } from './fixup-pod.js';
import { podSource } from './pod-source.js';
import type { RestoreSet } from './restore-set.js';
import { targetNamespace } from './steps.js';

/** One step of an adapter and the pod that runs it. */
export interface PlannedFixup {
  readonly application: string;
  readonly step: FixupStep;
  readonly pod: KubeObject;
}

export interface FixupPlan {
  readonly fixups: readonly PlannedFixup[];
  /** Pods of the copy whose steps cannot be run, with the reason. */
  readonly missing: readonly string[];
}

export interface FixupInput {
  readonly restore: AppRestore;
  readonly copy: Copy;
  readonly set: RestoreSet;
  readonly adapters: Readonly<Record<ApplicationKind, ApplicationAdapter>>;
  /** The original may be running. */
  readonly isolated: boolean;
}

/** The steps of all applications before their first start, in order, with the pods that run them. Pure; names are the same every time. */
export function planFixups(input: FixupInput): FixupPlan {
  const { restore, copy, set } = input;
  const fixups: PlannedFixup[] = [];
  const missing: string[] = [];
  if (restore.spec.what !== 'All') return { fixups, missing };
  const objects = [...set.configuration, ...set.gate];
  const claims = new Set(set.claims.map((c) => c.volume.claim));
  for (const application of copy.applications) {
    for (const step of input.adapters[application.kind].fixups(copied(application, copy), { isolated: input.isolated, from: copy.namespace, to: targetNamespace(restore) })) {
      const name = `stillpoint-${restore.metadata.uid.slice(0, 8)}-fixup-${fixups.length}`;
      const source = podSource(step.pod, objects);
      const pod = source === undefined ? undefined : fixupPod(step, source, { name, namespace: targetNamespace(restore), restoreUid: restore.metadata.uid, claims });
      if (pod === undefined) missing.push(notPrepared(application, step));
      else fixups.push({ application: application.name, step, pod });
    }
  }
  return { fixups, missing };
}

function notPrepared({ name, facts }: ApplicationStatus, step: FixupStep): string {
  const operator = facts?.['managedBy'];
  const why = operator === undefined ? '' : `, because ${operator} makes its pods and would take over whatever is made here`;
  const start = operator === undefined ? '' : ', and let a new cluster of that operator begin from them';
  return `pods/${step.pod}: the copy holds no workload that makes it with a container ${step.container}${why}, so application ${name} cannot be prepared; restore with what: Volumes${start}`;
}

/** An application as its adapter wants it. */
export function copied(application: ApplicationStatus, copy: Copy): CopiedApplication {
  return {
    name: application.name,
    kind: application.kind,
    version: application.version,
    members: application.members ?? [],
    positions: application.positions ?? {},
    facts: application.facts ?? {},
    startFiles: application.startFiles ?? [],
    setId: copy.setId,
    ...(application.profile === undefined ? {} : { profile: application.profile }),
  };
}

/**
 * Applications all of whose volumes this restore has made. The others run on data that was there before: nothing is
 * changed in it, and nothing is proven of it. Pure.
 */
export function restoredApplications(restore: AppRestore, copy: Copy): ApplicationStatus[] {
  const made = new Set((restore.status?.volumes ?? []).map((v) => v.claim));
  return copy.applications.filter((application) => {
    const pods = new Set((application.members ?? []).map((m) => m.pod));
    const own = copy.volumes.filter((v) => v.application === application.name || v.pods.some((pod) => pods.has(pod)));
    return own.length > 0 && own.every((v) => made.has(v.claim));
  });
}
