import type { Gauge, Metrics } from '../../observability/metrics.js';

/** Labels of the series of a BackupTarget. */
export interface TargetKey {
  readonly namespace: string;
  readonly target: string;
}

interface TargetState {
  /** Undefined: it is suspended, or new. */
  readonly ready: boolean | undefined;
  /** Undefined: it was not verified yet, or that could not be found out. */
  readonly sound: boolean | undefined;
}

/** Series of BackupTargets. */
export interface TargetMetrics {
  target(key: TargetKey, state: TargetState): void;
  /** Movers are done with a volume: bytes that they have read, and that were new in the repository. */
  moved(key: TargetKey, bytes: { readonly read: number; readonly added: number }): void;
  forgetTarget(key: TargetKey): void;
}

export function targetMetrics(registry: Metrics): TargetMetrics {
  const ready = registry.gauge('stillpoint_target_ready', '1: copies can be written to a BackupTarget. 0: they cannot.');
  const sound = registry.gauge('stillpoint_target_sound', '1: the last verification of a BackupTarget found nothing wrong. 0: its repository is damaged.');
  const bytes = registry.counter('stillpoint_mover_bytes_total', 'Bytes of volumes that were copied to a BackupTarget: read from the volume, and added to the repository.');
  const note = (gauge: Gauge, key: TargetKey, value: boolean | undefined): void => (value === undefined ? gauge.remove({ ...key }) : gauge.set(Number(value), { ...key }));
  return {
    target: (key, state) => {
      note(ready, key, state.ready);
      note(sound, key, state.sound);
    },
    moved: (key, { read, added }) => {
      bytes.inc({ ...key, kind: 'read' }, read);
      bytes.inc({ ...key, kind: 'added' }, added);
    },
    forgetTarget: (key) => {
      [ready, sound].forEach((gauge) => gauge.remove({ ...key }));
      ['read', 'added'].forEach((kind) => bytes.remove({ ...key, kind }));
    },
  };
}
