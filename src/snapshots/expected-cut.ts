import type { PlannedCut } from './plan.js';

/** How the volumes of one driver are cut: in one group, or each by itself. */
export interface CutShape {
  readonly driver: string;
  readonly kind: PlannedCut['kind'];
  readonly volumes: number;
}

/** What the cut of an earlier window took, from the request for the first to the last one seen. */
export interface EarlierCut {
  readonly millis: number;
  readonly shapes: readonly CutShape[];
}

/** What a cut takes at least, and how that is known. */
export interface ExpectedCut {
  readonly millis: number;
  /** As a part of a sentence. */
  readonly because: string;
}

/** Flags --kube-api-qps and --kube-api-burst of the CSI sidecars, when nobody sets them. */
const defaultRate = 5;
const burst = 10;
/** What csi-snapshotter sends for one content before it carries its creation time, at least: a mark that the call is in flight, and the status. */
const requestsPerSnapshot = 2;

/** The volumes of a plan by driver and kind of cut. */
export function shapesOf(cuts: readonly Pick<PlannedCut, 'driver' | 'kind' | 'claims'>[]): CutShape[] {
  const shapes = new Map<string, CutShape>();
  for (const { driver, kind, claims } of cuts) {
    const key = `${kind} ${driver}`;
    shapes.set(key, { driver, kind, volumes: (shapes.get(key)?.volumes ?? 0) + claims.length });
  }
  return [...shapes.values()];
}

/**
 * The least that a cut is expected to take (3-stillness.md, 3.2); undefined when nothing is known. Pure. A lower bound, since it refuses plans:
 * the fastest of the earlier windows that cut the same drivers in the same way with as many volumes or fewer, and the rate of the sidecars
 * for many single snapshots, which an earlier window may have shown to be higher than the default.
 * @param earlier newest windows of the namespace
 */
export function expectedCut(planned: readonly CutShape[], earlier: readonly EarlierCut[]): ExpectedCut | undefined {
  const known = [fastest(planned, earlier), ...planned.map((shape) => floorOf(shape, earlier))];
  return known.reduce((a, b) => ((b?.millis ?? 0) > (a?.millis ?? 0) ? b : a), undefined);
}

function fastest(planned: readonly CutShape[], earlier: readonly EarlierCut[]): ExpectedCut | undefined {
  const alike = earlier.filter(({ shapes }) => shapes.length === planned.length && shapes.every((e) => planned.some((p) => p.driver === e.driver && p.kind === e.kind && e.volumes <= p.volumes)));
  if (alike.length === 0) return undefined;
  const millis = Math.min(...alike.map((e) => e.millis));
  const which = alike.length === 1 ? 'the last window like it' : `the fastest of the last ${alike.length} windows like it`;
  return { millis, because: `${which} took ${Math.round(millis)} ms` };
}

function floorOf(shape: CutShape, earlier: readonly EarlierCut[]): ExpectedCut | undefined {
  if (shape.kind !== 'single') return undefined;
  const requests = (volumes: number): number => volumes * requestsPerSnapshot - burst;
  const seen = earlier.flatMap((e) => e.shapes.filter((s) => s.kind === 'single' && s.driver === shape.driver).map((s) => (requests(s.volumes) * 1000) / e.millis));
  const rate = Math.max(defaultRate, ...seen);
  const millis = (requests(shape.volumes) / rate) * 1000;
  if (millis <= 0) return undefined;
  return { millis, because: `the sidecar of driver ${shape.driver} needs at least ${Math.round(millis)} ms for ${shape.volumes} single snapshots at ${Math.round(rate)} requests a second` };
}
