import type { Metrics } from '../../observability/metrics.js';
import type { PolicyKey } from './policies.js';

/** How the volumes of a policy stand. */
interface VolumesState {
  readonly volumes: number;
  readonly noncompliant: number;
}

/** Series of the volumes of VolumePolicies. */
export interface VolumeMetrics {
  /** Undefined: the policy is gone, or says nothing of volumes. */
  volumes(key: PolicyKey, state: VolumesState | undefined): void;
  /** A claim was made to grow. */
  grown(key: PolicyKey): void;
}

export function volumeMetrics(registry: Metrics): VolumeMetrics {
  const all = registry.gauge('stillpoint_policy_volumes', 'Volumes in the selection of a policy.');
  const noncompliant = registry.gauge('stillpoint_policy_volumes_noncompliant', 'Volumes that are not as their policy wants them, or of which that is not known.');
  const grown = registry.counter('stillpoint_volume_growth_total', 'Volumes that were made to grow by their policy.');
  return {
    volumes: (key, state) => {
      if (state === undefined) {
        [all, noncompliant, grown].forEach((series) => series.remove({ ...key }));
        return;
      }
      all.set(state.volumes, { ...key });
      noncompliant.set(state.noncompliant, { ...key });
    },
    grown: (key) => grown.inc({ ...key }),
  };
}
