import { annotations, labels } from '../../api/common.js';
import type { ApplicationStatus, MemberStatus } from '../../api/appsnapshot.js';
import type { AppSnapshot } from '../../api/kinds.js';
import { labelSet, unlabelClaims, type MemberMarks } from '../../snapshots/label.js';
import { judgeSet, type SetMember } from '../../snapshots/members.js';
import { observeSet } from '../../snapshots/observe-set.js';
import { pokeSet } from '../../snapshots/poke.js';
import { totalSize } from '../../snapshots/size.js';
import { conditionTime } from '../../runtime/conditions.js';
import type { OperatorDeps } from '../deps.js';
import { expiresAt } from './decide.js';
import { readySentence, retainedCondition } from './retained/conditions.js';
import { keep } from './retained/keep.js';
import { release } from './retained/release.js';
import { later, now, type StepResult } from '../step.js';
import { plannedClaims, setRef, tell, type SnapshotWriter } from './steps.js';

/** Until contents that are to go with their snapshots again are looked at once more. */
const releaseSeconds = 2;

/**
 * After the window: the members are counted against the plan by uid and handle, marked so that the copy explains itself,
 * and waited for; what the spec retains is retained. Only then is the copy Ready.
 */
export async function complete(writer: SnapshotWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const setId = object.status?.setId;
  if (setId === undefined) throw new Error('a graded copy has a set id');
  const ref = setRef(object, setId);
  await unlabelClaims(deps.client, ref);
  const observed = await observeSet(deps.client, deps.group, ref);
  const state = judgeSet(plannedClaims(object), observed);
  if (state.error !== undefined) {
    const { code, publicMessage } = state.error;
    const retry = (object.status?.attempts ?? 0) < object.spec.quiesce.attempts;
    const message = `${publicMessage} ${retry ? 'The copy is removed and tried again.' : 'The copy is removed.'}`;
    await writer.write({ phase: retry ? 'Pending' : 'Failed', reasons: [publicMessage] }, { kind: retry ? 'working' : 'failed', reason: code, message });
    tell(deps, object, 'Warning', code, message);
    return now;
  }
  await labelSet(deps.client, deps.group, { ...ref, appSnapshotUid: object.metadata.uid }, observed, state.members, marks(object));
  const members = mergeMembers(object.status?.members ?? [], state.members);
  const ready = members.filter((m) => m.ready === true).length;
  const progress = { members, membersReady: `${ready}/${members.length}` };
  if (!state.ready) {
    await writer.write(progress, { kind: 'working', reason: 'WaitingForDriver', message: `The cut is made; the storage is still working: ${state.waiting.join('; ')}.` });
    const again = await pokeSet(deps.client, deps.group, ref.namespace, observed, deps.clock.now());
    // Snapshots and contents wake the object up when they change; this is only for what changes nothing we watch.
    return later(Math.min(60, Math.ceil((again ?? 60_000) / 1000)));
  }
  return finish(writer, deps, { ...progress, size: totalSize(state.members) });
}

async function finish(writer: SnapshotWriter, deps: OperatorDeps, done: { members: MemberStatus[]; membersReady: string; size: string | undefined }): Promise<StepResult> {
  const isRetained = writer.object.spec.deletionPolicy === 'Retain';
  // The spec may have said otherwise when it was begun.
  if (!isRetained && !(await release(writer, deps))) return later(releaseSeconds);
  const retained = isRetained ? await keep(writer, deps) : undefined;
  const { object } = writer;
  const at = deps.clock.now();
  const completionTime = conditionTime(new Date(at));
  const expiry = expiresAt({ ...object, status: { ...object.status, completionTime } });
  const message = readySentence(object);
  await writer.write(
    { ...done, phase: 'Ready', retained, completionTime, expiresAt: expiry === undefined ? undefined : conditionTime(new Date(expiry)) },
    { kind: 'ready', reason: 'SnapshotReady', message },
    retained === undefined ? [] : [retainedCondition(retained)],
  );
  tell(deps, object, 'Normal', 'SnapshotReady', message);
  return now;
}

function mergeMembers(planned: readonly MemberStatus[], found: readonly SetMember[]): MemberStatus[] {
  return planned.map((member) => {
    const own = found.find((f) => f.claimUid === member.uid);
    return own === undefined ? member : { ...member, snapshot: own.snapshot, ready: own.ready, ...(own.restoreSize === undefined ? {} : { restoreSize: own.restoreSize }) };
  });
}

/** What each snapshot says of itself without us: grade, application, role, positions, digest of the capture. */
function marks(object: AppSnapshot): ReadonlyMap<string, MemberMarks> {
  const { status } = object;
  return new Map((status?.members ?? []).map((member) => [member.uid, memberMarks(member, status?.applications ?? [], status?.grade, status?.capture?.digest)]));
}

function memberMarks(member: MemberStatus, applications: readonly ApplicationStatus[], grade: string | undefined, digest: string | undefined): MemberMarks {
  const application = applications.find((a) => a.name === member.application);
  const role = application?.members?.find((m) => member.pods?.includes(m.pod) === true)?.role;
  const optional = {
    [labels.grade]: grade,
    [labels.application]: application?.name,
    [labels.applicationKind]: application?.kind,
    [labels.applicationVersion]: application?.version?.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 63),
    [labels.role]: role,
  };
  return {
    labels: Object.fromEntries(Object.entries(optional).filter((entry): entry is [string, string] => entry[1] !== undefined)),
    annotations: {
      ...(application?.positions === undefined ? {} : { [annotations.positions]: JSON.stringify(application.positions) }),
      ...(application?.startFiles === undefined ? {} : { [annotations.startFiles]: JSON.stringify(application.startFiles) }),
      ...(digest === undefined ? {} : { [annotations.captureDigest]: digest }),
    },
  };
}
