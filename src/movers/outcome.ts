import { errorCatalogue, type ErrorCode } from '../api/errors.js';
import type { KubeObject } from '../runtime/object.js';
import { moverResult, type MoverResult } from './request.js';

/** The pod of a mover, as far as it says how it ended. */
export interface MoverPod extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly containerStatuses?: readonly { readonly state?: { readonly terminated?: { readonly exitCode?: number; readonly reason?: string; readonly message?: string } } }[];
  };
}

/** The Job of a mover, as far as it says whether it has ended. */
export interface MoverJobState extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string; readonly message?: string }[] };
}

/** How a mover is doing. */
export type MoverOutcome =
  | { readonly kind: 'running'; readonly pod: MoverPod | undefined }
  /** It said how it ended. */
  | { readonly kind: 'ended'; readonly result: MoverResult }
  /** It was killed, evicted, or is gone: nobody knows how far it came. */
  | { readonly kind: 'lost'; readonly why: string; readonly pods: readonly string[] };

/** Judges a Job by itself and by its pods. A success that was not said is none. Pure. */
export function moverOutcome(job: MoverJobState, pods: readonly MoverPod[]): MoverOutcome {
  const own = pods.filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.uid === job.metadata.uid) === true);
  for (const pod of own) {
    const said = resultOf(pod.status?.containerStatuses?.[0]?.state?.terminated?.message);
    if (said !== undefined) return { kind: 'ended', result: said };
  }
  const end = job.status?.conditions?.find((c) => (c.type === 'Failed' || c.type === 'Complete') && c.status === 'True');
  if (end === undefined) return { kind: 'running', pod: own.find((pod) => pod.metadata.deletionTimestamp === undefined) };
  const last = own[0]?.status;
  const terminated = last?.containerStatuses?.[0]?.state?.terminated;
  const why = [last?.reason ?? terminated?.reason, terminated?.exitCode === undefined ? undefined : `exit code ${terminated.exitCode}`, last?.message ?? end.message].filter((part) => part !== undefined && part !== '');
  return { kind: 'lost', why: why.length === 0 ? 'its pod is gone' : why.join(', '), pods: own.map((pod) => pod.metadata.name) };
}

/** Whether a pod of this name, or the process that ran in it, is certainly no more. Pure. */
export function isDead(pod: MoverPod | undefined): boolean {
  return pod === undefined || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

function resultOf(message: string | undefined): MoverResult | undefined {
  if (message === undefined || message === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    // Not a word of ours: it was killed before it could say one.
    return undefined;
  }
  const parsed = moverResult.safeParse(value);
  if (!parsed.success) return undefined;
  const { data } = parsed;
  if (data.ok) return data;
  const code: ErrorCode = data.code in errorCatalogue ? (data.code as ErrorCode) : 'MoverFailed';
  return { ...data, code };
}
