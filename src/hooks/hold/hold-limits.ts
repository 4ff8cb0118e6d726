import { durationMillis } from '../../api/common.js';
import type { ContainerView, PodView } from '../view.js';
import type { HoldersInput, PlanBlocker, SoftLimit } from './plan-types.js';
import { cutDeadlineMillis, holdForCutMillis } from './window-deadlines.js';
import type { WindowLimits } from './window-types.js';

/** Limit of the protocol and of the schema (3-stillness.md, 3.2). */
const longestHoldMillis = 10_000;
/** The holders take no smaller one. */
const shortestHoldMillis = 100;
const longestBeatMillis = 1000;
const readyMillis = 30_000;

interface HardLimit {
  readonly millis: number;
  /** What sets it, as the beginning of a sentence. */
  readonly what: string;
  readonly remedy: string;
}

/** A container that will be frozen. */
export interface FrozenContainer {
  readonly pod: PodView;
  readonly container: ContainerView;
}

/** Who is held, as far as it limits the hold. */
export interface Held {
  readonly frozen: readonly FrozenContainer[];
  /** Pods whose server runs on behind a fence: it answers its probes. */
  readonly fenced: readonly string[];
  /** How long gated servers run on before anything is frozen: a part of the hold in which nothing can be cut. */
  readonly settleMillis: number;
}

export interface HoldLimits {
  readonly limits: WindowLimits;
  readonly softLimits: readonly SoftLimit[];
  readonly blockers: readonly PlanBlocker[];
}

/**
 * MAX is the smallest of what the spec, the operator, the liveness probes and the databases allow (3-stillness.md, 3.3).
 * It counts from the first impact, which is the gate where there is one: a closed port answers no probe either.
 */
export function holdLimits(input: HoldersInput, { frozen, fenced, settleMillis }: Held): HoldLimits {
  const pods = new Set([...frozen.map((f) => f.pod.metadata.name), ...fenced]);
  const held = input.applications.filter((a) => a.detected.mode !== 'None' && a.detected.pods.some((pod) => pods.has(pod)));
  const hard = [...general(input, settleMillis), ...frozen.flatMap(liveness), ...held.map(tolerance)];
  const maxMillis = Math.floor(Math.min(...hard.map((h) => h.millis)));
  const blockers = hard.flatMap((h) => tooSmall(h, settleMillis, input.expectedCut));
  const soft = [...frozen.flatMap(readiness), ...held.map((a) => ({ millis: a.preflight.softLimitMillis, reason: `clients and peers of ${a.detected.name} notice more than latency` }))];
  const ttlMillis = Math.min(durationMillis(input.quiesce.heartbeatTimeout), maxMillis);
  return {
    limits: { maxMillis, ttlMillis, beatMillis: Math.max(1, Math.min(longestBeatMillis, Math.floor(ttlMillis / 3))), readyMillis },
    softLimits: soft.filter((s) => s.millis < maxMillis).sort((a, b) => a.millis - b.millis),
    blockers,
  };
}

/** A limit that leaves no time at all, or less than the cut is known to take. */
function tooSmall(limit: HardLimit, settleMillis: number, cut: HoldersInput['expectedCut']): PlanBlocker[] {
  const { millis, what, remedy } = limit;
  const settle = settleMillis === 0 ? '' : ` after ${seconds(settleMillis)} without clients`;
  if (millis - settleMillis < shortestHoldMillis) return [{ code: 'BudgetTooSmall', message: `${what} leaves no time for a hold${settle} (${seconds(millis)}): ${remedy}.` }];
  if (cut === undefined || settleMillis + cut.millis <= cutDeadlineMillis(millis)) return [];
  return [{ code: 'BudgetTooSmall', message: `${what} allows a hold of ${seconds(millis)}, in which the cut does not fit${settle}, since ${cut.because}: ${remedy}.` }];
}

function general(input: HoldersInput, settleMillis: number): HardLimit[] {
  const atLeast = input.expectedCut === undefined ? '' : ` to at least ${Math.ceil(holdForCutMillis(settleMillis + input.expectedCut.millis))}ms`;
  return [
    { millis: longestHoldMillis, what: 'The protocol', remedy: 'use a VolumeGroupSnapshotClass, raise --kube-api-qps of the sidecar, or leave volumes out with spec.selector' },
    { millis: input.maxHoldMillis, what: "The operator's lease", remedy: 'raise leaseDuration in the values of the chart' },
    { millis: durationMillis(input.quiesce.maxHold), what: 'spec.quiesce.maxHold', remedy: `raise it${atLeast}` },
  ];
}

function liveness({ pod, container }: FrozenContainer): HardLimit[] {
  if (container.livenessBudgetMillis === undefined) return [];
  return [
    {
      millis: container.livenessBudgetMillis,
      what: `The liveness probe of pod ${pod.metadata.name}, container ${container.name}`,
      remedy: 'raise failureThreshold, since no hold may last longer than (failureThreshold - 1) * periodSeconds - timeoutSeconds',
    },
  ];
}

function readiness({ pod, container }: FrozenContainer): SoftLimit[] {
  if (container.readinessBudgetMillis === undefined) return [];
  return [{ millis: container.readinessBudgetMillis, reason: `pod ${pod.metadata.name} leaves its Endpoints, by the readiness probe of container ${container.name}` }];
}

function tolerance({ detected, preflight }: HoldersInput['applications'][number]): HardLimit {
  return { millis: preflight.hardLimitMillis, what: `What ${detected.name} tolerates`, remedy: 'raise its time limits, or set mode None for it in spec.applications' };
}

function seconds(millis: number): string {
  return `${millis / 1000} s`;
}
