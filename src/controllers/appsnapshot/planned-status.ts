import type { ApplicationStatus, HoldStatus, MemberStatus } from '../../api/appsnapshot.js';
import type { HolderPlan } from '../../hooks/hold/window-types.js';
import { mountedClaims } from '../../hooks/workload.js';
import type { AttemptPlan, PlannedApplication } from './gather.js';
import { onlineMode } from './online-step.js';

/** Member list with claim uids and volume handles: fixed by the plan, compared after the cut. */
export function plannedMembers(plan: AttemptPlan): MemberStatus[] {
  const owners = new Map(plan.holders.claims.map((c) => [c.uid, c.applications[0]]));
  return plan.snapshots.cuts
    .flatMap((cut) => cut.claims)
    .map((claim): MemberStatus => {
      const application = owners.get(claim.uid);
      const pods = plan.view.pods.filter((pod) => mountedClaims(pod).has(claim.name)).map((pod) => pod.metadata.name);
      return { claim: claim.name, uid: claim.uid, driver: claim.driver, volumeHandle: claim.volumeHandle, pods, ...(application === undefined ? {} : { application }) };
    })
    .sort((a, b) => (a.claim < b.claim ? -1 : 1));
}

/** What the plan knows of the applications. */
export function plannedApplications(plan: AttemptPlan): ApplicationStatus[] {
  return plan.applications.map((app) => {
    const holder = plan.holders.holders.find((h) => h.targets.some((t) => t.applications.includes(app.detected.name) && t.freeze));
    return {
      name: app.detected.name,
      kind: app.detected.kind,
      ...(app.preflight.version === undefined ? {} : { version: app.preflight.version }),
      ...(app.preflight.profile === undefined ? {} : { profile: app.preflight.profile }),
      ...(holder === undefined ? { mechanism: onlineMode(app) ?? ('None' as const) } : { vantage: holder.vantage, mechanism: mechanismOf(holder) }),
      members: app.detected.pods.map((pod) => ({ pod, role: roleOf(app, pod), container: app.detected.container[pod] ?? '' })),
      facts: { ...app.preflight.facts },
    };
  });
}

function roleOf(app: PlannedApplication, pod: string): string {
  return app.preflight.roles[pod] ?? 'member';
}

function mechanismOf(holder: HolderPlan): 'Freezer' | 'Signal' | 'Fence' {
  if (holder.fence !== undefined) return 'Fence';
  return holder.vantage === 'Node' ? 'Freezer' : 'Signal';
}

/** Every hold of the window as status names it. */
export function intendedHolds(plan: AttemptPlan): HoldStatus[] {
  return plan.holders.holders.map((holder) => ({
    id: holder.id,
    vantage: holder.vantage,
    node: holder.node,
    pod: holder.exec.pod,
    container: holder.exec.container,
    podUid: holder.exec.podUid,
    mechanism: mechanismOf(holder),
    maxHoldMillis: plan.holders.limits.maxMillis,
    heartbeatTimeoutMillis: plan.holders.limits.ttlMillis,
    targets: holder.targets.map(({ pod, podUid, container, containerId }) => ({ pod, podUid, container, containerId })),
    state: 'Intended',
  }));
}
