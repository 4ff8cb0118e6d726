import { labels } from '../../../api/common.js';
import type { MoverSettings } from '../../../movers/job.js';
import type { KubeObject } from '../../../runtime/object.js';
import { podTrouble, type RawPod } from '../../apprestore/pod-state.js';

/** Name of the pod, and value of the label `internal` on it. */
export const canaryName = 'stillpoint-isolation';
/** Asked for names so often; and so often it may get out before it gives up: rules may come some seconds after the pod. */
const tries = 20;
const tryMillis = 2000;
/** It is isolated when for so long no try has got out. An API server that is away for as long leaves a longer gap than {@link maxGapMillis} in what the operator hears of it. */
const silenceMillis = 20_000;
/** Exit codes of the program. */
const codes = { isolated: 0, reached: 10, deaf: 11 } as const;
/** The kubelet ends it after so long. */
const deadlineSeconds = 180;

/**
 * Tries to reach the API server, which every cluster has and no drill may reach. Names must be answered: a pod whose network does not work at all
 * proves nothing. Whatever keeps the connection from being made is isolation, while the operator itself reaches the API server.
 */
const program = `
const { lookup } = require('node:dns/promises');
const { connect } = require('node:net');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const reach = (host, port) => new Promise((resolve) => {
  const socket = connect({ host, port: Number(port) });
  const end = (reached) => { socket.destroy(); resolve(reached); };
  socket.setTimeout(${tryMillis}, () => end(false));
  socket.once('connect', () => end(true));
  socket.once('error', () => end(false));
});
const answered = async () => {
  for (let i = 0; i < ${tries}; i += 1) {
    if (await lookup('kubernetes.default.svc').then(() => true, () => false)) return true;
    await pause(1000);
  }
  return false;
};
(async () => {
  if (!(await answered())) process.exit(${codes.deaf});
  for (let out = 0, since; out < ${tries}; await pause(500)) {
    const begun = performance.now();
    if (await reach(process.env.KUBERNETES_SERVICE_HOST, process.env.KUBERNETES_SERVICE_PORT)) {
      out += 1;
      since = undefined;
    } else {
      since ??= begun;
      if (performance.now() - since >= ${silenceMillis}) process.exit(${codes.isolated});
    }
  }
  process.exit(${codes.reached});
})();
`;

/** The pod that tries whether the drill's namespace is isolated. Pure. */
export function canaryPod(namespace: string, account: string, { image, pullPolicy }: MoverSettings): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: canaryName, namespace, labels: { [labels.internal]: canaryName } },
    spec: {
      serviceAccountName: account,
      automountServiceAccountToken: false,
      restartPolicy: 'Never',
      activeDeadlineSeconds: deadlineSeconds,
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'isolation',
          image,
          imagePullPolicy: pullPolicy,
          command: ['/usr/local/bin/node', '-e', program],
          // Both, for where a quota asks for them.
          resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '200m', memory: '128Mi' } },
          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}

/** What the pod has found out. */
export type Isolation =
  | { readonly kind: 'unknown'; readonly why: string }
  /** It ended without an answer: it is tried again. */
  | { readonly kind: 'lost'; readonly why: string }
  | { readonly kind: 'known'; readonly isolated: boolean };

/** `answered`: the API server has answered the operator from the begin of the try to its end. Pure. */
export function isolationOf(pod: RawPod, answered: boolean): Isolation {
  const terminated = pod.status?.containerStatuses?.[0]?.state?.terminated;
  if (pod.status?.phase === 'Succeeded' && !answered) return { kind: 'lost', why: 'the operator does not know that the API server was there all the time, so not reaching it proves nothing' };
  if (pod.status?.phase === 'Succeeded') return { kind: 'known', isolated: true };
  if (pod.status?.phase !== 'Failed') return { kind: 'unknown', why: podTrouble(pod) ?? 'it is being tried' };
  if (terminated?.exitCode === codes.reached) return { kind: 'known', isolated: false };
  if (terminated?.exitCode === codes.deaf) return { kind: 'lost', why: 'no names were answered in the namespace of the drill, so nothing is known of its network; the chart value drills.dnsNamespace must name the namespace of the cluster\'s name servers' };
  return { kind: 'lost', why: pod.status.reason ?? terminated?.reason ?? 'it ended' };
}
