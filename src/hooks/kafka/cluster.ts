import { fail } from '../../api/errors.js';
import { AppError } from '../../runtime/app-error.js';
import type { AdapterContext, Blocker, Detected } from '../adapter.js';
import { membersOf, type Member, type Report } from './member.js';
import { rolesOf, type KafkaNode } from './node.js';

/** A node that was looked at, and the way to it. */
export interface Seen {
  readonly member: Member;
  readonly node: KafkaNode;
}

/** Looks at every node of a running application. One that cannot be looked at is a blocker; missing rights are an exception. */
export async function lookAt(app: Detected, context: AdapterContext): Promise<(Seen | { readonly blocker: Blocker })[]> {
  return Promise.all(
    (await membersOf(app, context)).map(async (member) => {
      const container = context.view.pods.find((p) => p.metadata.name === member.pod)?.containers.find((c) => c.name === member.container);
      try {
        return { member, node: await member.look((container?.mounts ?? []).map((m) => m.mountPath)) };
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'ApplicationNotReady') throw error;
        return { blocker: { code: 'ApplicationNotReady' as const, message: error.publicMessage } };
      }
    }),
  );
}

/** The brokers of a running application: what tools can talk to. Throws AppError ApplicationNotReady when a node does not answer or none is a broker. */
export async function brokersOf(app: Detected, context: AdapterContext): Promise<Seen[]> {
  const looked = await lookAt(app, context);
  const [blocked] = looked.flatMap((result) => ('blocker' in result ? [result.blocker] : []));
  if (blocked !== undefined) throw fail('ApplicationNotReady', blocked.message);
  const brokers = looked.flatMap((result) => ('node' in result && rolesOf(result.node).includes('broker') ? [result] : []));
  if (brokers.length === 0) throw fail('ApplicationNotReady', `No pod of ${app.name} is a broker (${app.pods.join(', ')}).`);
  return brokers;
}

/** Asks for reports of the cluster, each of another broker while there are more, so that no pod has to bear them all. Throws AppError ApplicationNotReady. */
export async function ask(brokers: readonly Seen[], ...reports: readonly Report[]): Promise<(report: Report) => readonly string[]> {
  const shares = brokers.map(({ member, node }, n) => ({ member, node, share: reports.filter((_, i) => i % brokers.length === n) }));
  const answers = await Promise.all(shares.filter(({ share }) => share.length > 0).map(({ member, node, share }) => member.reports(node, ...share)));
  const all = new Map(answers.flatMap((answer) => [...answer]));
  return (report) => all.get(report) ?? [];
}
