import { appRestores, type AppRestore } from '../api/kinds.js';
import { planKey, unpackPlan, type PlanDocument } from '../manifests/plan-document.js';
import type { KubeObject } from '../runtime/object.js';
import { configMaps } from '../runtime/resource.js';
import type { Connection } from './connection.js';
import { planText } from './plan-text.js';
import type { Flags } from './usage.js';

/** `diff NAME`: what the dry run of an AppRestore has found. Exit code 1 when it would be refused. */
export async function diff({ client, namespace }: Connection, name: string, flags: Flags): Promise<number> {
  const { status } = await client.get<AppRestore>(appRestores, { namespace, name });
  const saved = status?.plan?.diffRef?.name;
  if (saved === undefined) throw new Error(`apprestore/${name} has no plan to show: phase ${status?.phase ?? 'Pending'}; a plan is saved when spec.dryRun is true`);
  const { binaryData } = await client.get<KubeObject & { binaryData?: Record<string, string> }>(configMaps, { namespace, name: saved });
  const plan: PlanDocument = unpackPlan(Buffer.from(binaryData?.[planKey] ?? '', 'base64'));
  console.log(flags.output === 'json' ? JSON.stringify(plan, null, 2) : planText(name, plan));
  return plan.objects.some(({ verdict }) => verdict === 'refuse') ? 1 : 0;
}
