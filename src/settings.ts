import { z } from 'zod';

const millis = (fallback: number) => z.coerce.number().int().min(100).max(3_600_000).default(fallback);
const windows = (fallback: number) => z.coerce.number().int().min(1).max(1000).default(fallback);
const port = (fallback: number) => z.coerce.number().int().min(1).max(65_535).default(fallback);

const json = z.string().transform((text, context): Record<string, unknown> => {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a JSON object' });
    return z.NEVER;
  }
});

const flag = (fallback: 'true' | 'false') => z.enum(['true', 'false']).default(fallback).transform((text) => text === 'true');
const names = z.string().default('').transform((text) => text.split(',').filter((name) => name !== ''));

/** Environment of the operator; the chart sets it. */
const environment = z.object({
  POD_NAME: z.string().min(1).default('stillpoint'),
  POD_NAMESPACE: z.string().min(1).default('stillpoint-system'),
  SERVICE_ACCOUNT_NAME: z.string().min(1).default('stillpoint'),
  AGENT_NAMESPACE: z.string().min(1).default('stillpoint-agent'),
  LEASE_DURATION_MILLIS: millis(15_000),
  RENEW_DEADLINE_MILLIS: millis(10_000),
  RETRY_PERIOD_MILLIS: millis(2_000),
  MAX_HOLD_MILLIS: millis(10_000),
  WINDOWS_GLOBAL: windows(16),
  WINDOWS_PER_DRIVER: windows(8),
  WINDOWS_PER_NODE: windows(4),
  MOVER_IMAGE: z.string().min(1).default('localhost/stillpoint/operator:0.1.0'),
  MOVER_PULL_POLICY: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent'),
  MOVER_RESOURCES: json.default({}),
  DRILLS_ENABLED: flag('false'),
  DRILLS_AT_ONCE: z.coerce.number().int().min(1).max(100).default(2),
  DRILLS_REQUIRE_ISOLATION: flag('true'),
  DRILLS_LONGEST_MILLIS: z.coerce.number().int().min(60_000).max(86_400_000).default(7_200_000),
  DRILLS_LABELS: names,
  DRILLS_DNS_NAMESPACE: z.string().min(1).default('kube-system'),
  RETAINED_PER_NAMESPACE: z.coerce.number().int().min(0).max(10_000).default(20),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  METRICS_PORT: port(8080),
  PROBE_PORT: port(8081),
});

export interface Settings {
  readonly podName: string;
  readonly podNamespace: string;
  readonly agentNamespace: string;
  readonly leaderElection: { readonly leaseDurationMillis: number; readonly renewDeadlineMillis: number; readonly retryPeriodMillis: number };
  readonly maxHoldMillis: number;
  /** How many windows may be open at a time. */
  readonly windows: { readonly global: number; readonly perDriver: number; readonly perNode: number };
  /** Image, pull policy and resources of movers; the image is the operator's own. */
  readonly mover: { readonly image: string; readonly pullPolicy: string; readonly resources: Readonly<Record<string, unknown>> };
  /** What drills may do, and the operator's own account. */
  readonly drills: {
    readonly enabled: boolean;
    readonly atOnce: number;
    readonly requireIsolation: boolean;
    readonly longestMillis: number;
    readonly labels: readonly string[];
    readonly dnsNamespace: string;
    readonly operator: { readonly namespace: string; readonly name: string };
  };
  /** How many recovery points of one namespace may be retained, in the operator's own. */
  readonly retained: { readonly namespace: string; readonly perNamespace: number };
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly metricsPort: number;
  readonly probePort: number;
}

/** Reads the settings. Throws with the name of the variable that is wrong. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`environment variable ${issue?.path.join('.') ?? '?'}: ${issue?.message ?? 'invalid'}`);
  }
  const e = parsed.data;
  return {
    podName: e.POD_NAME,
    podNamespace: e.POD_NAMESPACE,
    agentNamespace: e.AGENT_NAMESPACE,
    leaderElection: { leaseDurationMillis: e.LEASE_DURATION_MILLIS, renewDeadlineMillis: e.RENEW_DEADLINE_MILLIS, retryPeriodMillis: e.RETRY_PERIOD_MILLIS },
    maxHoldMillis: e.MAX_HOLD_MILLIS,
    windows: { global: e.WINDOWS_GLOBAL, perDriver: e.WINDOWS_PER_DRIVER, perNode: e.WINDOWS_PER_NODE },
    mover: { image: e.MOVER_IMAGE, pullPolicy: e.MOVER_PULL_POLICY, resources: e.MOVER_RESOURCES },
    drills: {
      enabled: e.DRILLS_ENABLED,
      atOnce: e.DRILLS_AT_ONCE,
      requireIsolation: e.DRILLS_REQUIRE_ISOLATION,
      longestMillis: e.DRILLS_LONGEST_MILLIS,
      labels: e.DRILLS_LABELS,
      dnsNamespace: e.DRILLS_DNS_NAMESPACE,
      operator: { namespace: e.POD_NAMESPACE, name: e.SERVICE_ACCOUNT_NAME },
    },
    retained: { namespace: e.POD_NAMESPACE, perNamespace: e.RETAINED_PER_NAMESPACE },
    logLevel: e.LOG_LEVEL,
    metricsPort: e.METRICS_PORT,
    probePort: e.PROBE_PORT,
  };
}
