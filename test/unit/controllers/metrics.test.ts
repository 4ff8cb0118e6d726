import { describe, expect, test } from '@jest/globals';
import { createOperatorMetrics } from '../../../src/controllers/metrics.js';
import { createMetrics } from '../../../src/observability/metrics.js';

/** The metrics, and their series without those of other names. */
function setup() {
  const registry = createMetrics();
  const metrics = createOperatorMetrics(registry);
  const series = (prefix: string): string[] => registry.render().split('\n').filter((line) => line.startsWith(prefix));
  return { metrics, series };
}

describe('series of copies', () => {
  const at = (hour: number, verifiedAt?: number) => ({ at: hour * 3_600_000, verifiedAt });

  test('the newest of a namespace, also when it goes, and none when there is none', () => {
    const { metrics, series } = setup();
    metrics.copy({ namespace: 'shop', name: 'a' }, 'Frozen', at(1, 7000));
    metrics.copy({ namespace: 'shop', name: 'b' }, 'Quiesced', at(2));
    metrics.copy({ namespace: 'other', name: 'a' }, 'Frozen', at(3));
    expect(series('stillpoint_last_copy')).toEqual(['stillpoint_last_copy_timestamp_seconds{namespace="shop"} 7200', 'stillpoint_last_copy_timestamp_seconds{namespace="other"} 10800']);
    expect(series('stillpoint_verified')).toEqual(['stillpoint_verified_timestamp_seconds{namespace="shop"} 7']);
    metrics.forget({ namespace: 'shop', name: 'b' });
    expect(series('stillpoint_last_copy')[0]).toBe('stillpoint_last_copy_timestamp_seconds{namespace="shop"} 3600');
    metrics.forget({ namespace: 'shop', name: 'a' });
    metrics.forget({ namespace: 'shop', name: 'never-was' });
    expect(series('stillpoint_').filter((line) => line.includes('shop'))).toEqual([]);
  });
});

describe('series of policies', () => {
  const state = { copies: 2, lastCopy: 100, nextCopy: 200, verified: undefined, rpo: 900, rpoMet: true, drill: 80, drillVerified: false, drillFromTarget: true, targets: new Map([['s3', { lastCopy: 90, failing: false }], ['nas', { lastCopy: undefined, failing: true }]]) };

  test('objective, ages and targets; what a policy does not name any more goes, and all of it with the policy', () => {
    const { metrics, series } = setup();
    metrics.policy({ namespace: 'shop', policy: 'nightly' }, state);
    expect(series('stillpoint_rpo_seconds')).toEqual(['stillpoint_rpo_seconds{namespace="shop",policy="nightly"} 900']);
    expect(series('stillpoint_policy_drill_')).toEqual(['stillpoint_policy_drill_timestamp_seconds{namespace="shop",policy="nightly"} 80', 'stillpoint_policy_drill_verified{namespace="shop",policy="nightly"} 0', 'stillpoint_policy_drill_from_target{namespace="shop",policy="nightly"} 1']);
    expect(series('stillpoint_policy_target_')).toEqual([
      'stillpoint_policy_target_last_copy_timestamp_seconds{namespace="shop",policy="nightly",target="s3"} 90',
      'stillpoint_policy_target_failing{namespace="shop",policy="nightly",target="s3"} 0',
      'stillpoint_policy_target_failing{namespace="shop",policy="nightly",target="nas"} 1',
    ]);
    metrics.policy({ namespace: 'shop', policy: 'nightly' }, { ...state, rpo: undefined, targets: new Map([['nas', { lastCopy: 95, failing: false }]]) });
    expect(series('stillpoint_rpo_seconds')).toEqual([]);
    expect(series('stillpoint_policy_target_').filter((line) => line.includes('s3'))).toEqual([]);
    metrics.forgetPolicy({ namespace: 'shop', policy: 'nightly' });
    expect(series('stillpoint_').filter((line) => line.includes('nightly'))).toEqual([]);
  });
});

describe('series of volumes', () => {
  test('how many there are and differ, and what has grown; all go with the policy', () => {
    const { metrics, series } = setup();
    const key = { namespace: 'shop', policy: 'db' };
    metrics.volumes(key, { volumes: 3, noncompliant: 1 });
    metrics.grown(key);
    expect(series('stillpoint_policy_volumes')).toEqual(['stillpoint_policy_volumes{namespace="shop",policy="db"} 3', 'stillpoint_policy_volumes_noncompliant{namespace="shop",policy="db"} 1']);
    expect(series('stillpoint_volume_growth')).toEqual(['stillpoint_volume_growth_total{namespace="shop",policy="db"} 1']);
    metrics.volumes(key, undefined);
    expect(series('stillpoint_').filter((line) => line.includes('db'))).toEqual([]);
  });
});

describe('series of targets', () => {
  test('ready, sound and bytes; what is not known has none, and all go with the target', () => {
    const { metrics, series } = setup();
    const key = { namespace: 'shop', target: 's3' };
    metrics.target(key, { ready: false, sound: undefined });
    metrics.moved(key, { read: 100, added: 20 });
    metrics.moved(key, { read: 100, added: 0 });
    expect(series('stillpoint_target_')).toEqual(['stillpoint_target_ready{namespace="shop",target="s3"} 0']);
    expect(series('stillpoint_mover_')).toEqual(['stillpoint_mover_bytes_total{kind="read",namespace="shop",target="s3"} 200', 'stillpoint_mover_bytes_total{kind="added",namespace="shop",target="s3"} 20']);
    metrics.target(key, { ready: undefined, sound: true });
    expect(series('stillpoint_target_')).toEqual(['stillpoint_target_sound{namespace="shop",target="s3"} 1']);
    metrics.forgetTarget(key);
    expect(series('stillpoint_').filter((line) => line.includes('s3'))).toEqual([]);
  });
});
