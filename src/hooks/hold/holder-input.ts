import type { ExecTarget } from '../../runtime/exec.js';
import { fenceWords } from './fence.js';
import type { HolderPlan, WindowLimits } from './window-types.js';

/** Path of the holder in the agent's image. */
const nodeHolder = '/stillpoint/holder';
/** `$0` of the holder in a member's container, for people who look at its processes. */
const podHolder = 'stillpoint-holder';

/** Who may end a hold from outside, and why. */
export type EndReason = 'takeover' | 'sweep' | 'abort';

/** Where a holder of this id is, or was, run. */
export interface HolderPlace {
  readonly id: string;
  readonly vantage: 'Node' | 'Pod';
  readonly exec: { readonly namespace: string; readonly pod: string; readonly container: string };
}

/** Nothing of ours is in a member's image, so that the program comes on stdin, up to a line like this. */
const programEnd = '# end of stillpoint-holder';

/**
 * Reads the program and runs it, all of it or nothing. It is no argument: those travel in the URL of the exec, which proxies bound
 * (8 KiB is usual) and audit logs keep.
 */
const bootstrap = `program= whole=
while IFS= read -r line; do
  if [ "$line" = '${programEnd}' ]; then whole=yes; break; fi
  program="$program$line
"
done
[ -n "$whole" ] || exit 1
eval "$program"`;

/** The exec that starts a hold. At vantage Pod limits, process name and mount paths are arguments; what comes on stdin is {@link holdInput}. */
export function holdCommand(plan: HolderPlan, limits: WindowLimits): ExecTarget {
  const { namespace, pod, container } = plan.exec;
  return { namespace, pod, container, command: plan.vantage === 'Node' ? [nodeHolder, plan.id, 'hold'] : podHold(plan, limits) };
}

function podHold(plan: HolderPlan, limits: WindowLimits): string[] {
  if (plan.processName === undefined) throw new Error(`hold ${plan.id} at vantage Pod has no process name`);
  const paths = plan.volumes.map((volume) => volume.path);
  const verb = (name: string): string[] => ['sh', '-c', bootstrap, podHolder, plan.id, name, String(limits.ttlMillis), String(limits.maxMillis), plan.processName ?? ''];
  return plan.fence === undefined ? [...verb('hold'), ...paths] : [...verb('fence'), ...fenceWords(plan.fence), 'volumes', ...paths];
}

/** The exec that ends a hold from outside, with {@link programInput} on stdin at vantage Pod. It may be repeated. */
export function endCommand(place: HolderPlace, why: EndReason): ExecTarget {
  const { namespace, pod, container } = place.exec;
  const program = place.vantage === 'Node' ? [nodeHolder] : ['sh', '-c', bootstrap, podHolder];
  return { namespace, pod, container, command: [...program, place.id, 'end', why] };
}

/** A volume as its kubelet knows it. */
export interface NodeVolume {
  readonly claimUid: string;
  /** Name of its PersistentVolume. */
  readonly volumeName: string;
  readonly driver: string;
  readonly volumeHandle: string;
}

/** The exec that asks an agent what its node has of some volumes, with {@link mountsInput} on stdin. It changes nothing; the id only marks the answer. */
export function mountsCommand(id: string, agent: HolderPlace['exec']): ExecTarget {
  const { namespace, pod, container } = agent;
  return { namespace, pod, container, command: [nodeHolder, id, 'mounts'] };
}

/** The volumes that are asked for, without the last newline. */
export function mountsInput(volumes: readonly NodeVolume[]): string {
  return JSON.stringify({ version: 1, volumes: volumes.map(({ claimUid, volumeName, driver, volumeHandle }) => ({ ref: claimUid, volumeName, driver, volumeHandle })) });
}

/** The exec that asks an agent how full file systems are. No hold has its id. */
export function usageCommand({ namespace, pod, container }: HolderPlace['exec']): ExecTarget {
  return { namespace, pod, container, command: [nodeHolder, 'usage', 'usage'] };
}

/** What a holder gets on stdin before its commands, without the last newline: its program at vantage Pod, its targets and volumes at vantage Node. */
export function holdInput(plan: HolderPlan, limits: WindowLimits, podProgram: string): string {
  return plan.vantage === 'Pod' ? programInput(podProgram) : holdSpec(plan, limits);
}

/** The holder program as the container's shell reads it. */
export function programInput(podProgram: string): string {
  return `${podProgram.trimEnd()}\n${programEnd}`;
}

function holdSpec(plan: HolderPlan, limits: WindowLimits): string {
  return JSON.stringify({
    version: 1,
    ttlMillis: limits.ttlMillis,
    maxMillis: limits.maxMillis,
    targets: plan.targets.map((t) => ({ ref: `${t.pod}/${t.container}`, podUid: t.podUid, containerId: t.containerId, freeze: t.freeze })),
    volumes: plan.volumes.map((v) => ({
      ref: v.claimUid,
      podUid: v.podUid,
      containerId: v.containerId,
      ...(v.block ? { devicePath: v.path, block: true } : { mountPath: v.path }),
    })),
    ...(plan.gates === undefined ? {} : { gates: plan.gates.map((g) => ({ ref: `${g.pod}/${g.container}`, podUid: g.podUid, containerId: g.containerId, ports: g.ports })) }),
  });
}

/** How a holder is named in messages for people. */
export function holderName(plan: HolderPlan): string {
  return plan.vantage === 'Node' ? `Holder on node ${plan.node}` : `Holder in pod ${plan.exec.pod}, container ${plan.exec.container}`;
}
