import type { AuditEvent } from './log.js';
import type { GrantedRight } from './rights.js';

/** The operator's account, and by what its own requests are told from those of a test with its token. */
export interface OperatorId {
  readonly username: string;
  readonly userAgent: string;
}

/** A right with the requests that used it. */
export interface UsedRight extends GrantedRight {
  readonly count: number;
}

/** A request that was refused. */
export interface RefusedRequest {
  readonly as: string;
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly count: number;
  readonly message: string;
}

/** What the audit log says about the operator. */
export interface Judgement {
  readonly requests: number;
  readonly rights: readonly UsedRight[];
  /** Refused to the operator itself: a right is missing, or it asks for what it should not. */
  readonly refusedToOperator: readonly RefusedRequest[];
  /** Refused to the operator itself because the namespace was being taken away meanwhile: no right would have helped. */
  readonly refusedInEndingNamespaces: readonly RefusedRequest[];
  /** Refused to an account that the operator acted as. */
  readonly refusedToTenants: readonly RefusedRequest[];
  /** What was refused to a tenant and then done by the operator itself. */
  readonly fallbacks: readonly RefusedRequest[];
}

/** Holds what was done against what is granted. Pure. */
export function judge(events: readonly AuditEvent[], rights: readonly GrantedRight[], operator: OperatorId): Judgement {
  const ours = events.filter((e) => e.user.username === operator.username && e.userAgent?.startsWith(operator.userAgent) === true && isCounted(e));
  const own = ours.filter((e) => e.impersonatedUser === undefined);
  const asTenant = ours.filter((e) => e.impersonatedUser !== undefined);
  const refusedTo = (list: readonly AuditEvent[]): AuditEvent[] => list.filter((e) => e.responseStatus?.code === 403);
  const ended = endsOf(own);
  const done = new Set(own.filter((e) => (e.responseStatus?.code ?? 0) < 300).map(what));
  return {
    requests: ours.length,
    rights: rights.map((right) => ({ ...right, count: usesOf(right, own, asTenant.length) })),
    refusedToOperator: grouped(refusedTo(own).filter((e) => !endsWithNamespace(e, ended))),
    refusedInEndingNamespaces: grouped(refusedTo(own).filter((e) => endsWithNamespace(e, ended))),
    refusedToTenants: grouped(refusedTo(asTenant)),
    fallbacks: grouped(refusedTo(asTenant).filter((e) => done.has(what(e)))),
  };
}

/** Long requests are logged at their begin and their end: they count once, at their begin. */
export function isCounted(e: AuditEvent): boolean {
  const long = e.verb === 'watch' || e.objectRef?.subresource === 'exec';
  return e.objectRef !== undefined && (!long || e.stage === 'ResponseStarted' || e.responseStatus?.code === 403);
}

function usesOf(right: GrantedRight, own: readonly AuditEvent[], impersonations: number): number {
  if (right.verb === 'impersonate') return impersonations;
  // Asked when a binding of the role is made; no request has it as its verb.
  if (right.verb === 'bind') return own.filter((e) => e.verb === 'create' && e.objectRef?.resource === 'rolebindings' && e.responseStatus?.code === 201).length;
  // Since 1.35 the API server asks for create as well where a client upgrades by GET, and logs the GET only (AuthorizePodWebsocketUpgradeCreatePermission);
  // that it does ask is shown in test/e2e/admission/tenants.ts.
  const verb = right.resource === 'pods/exec' && right.verb === 'create' ? 'get' : right.verb;
  return own.filter((e) => e.responseStatus?.code !== 403 && e.verb === verb && (e.objectRef?.apiGroup ?? '') === right.group && resourceOf(e) === right.resource && (right.namespace === undefined || e.objectRef?.namespace === right.namespace)).length;
}

export function resourceOf({ objectRef }: AuditEvent): string {
  return objectRef?.subresource === undefined ? objectRef?.resource ?? '' : `${objectRef.resource ?? ''}/${objectRef.subresource}`;
}

/** When the operator has begun to take a namespace away, as it does with those of drills. */
function endsOf(own: readonly AuditEvent[]): ReadonlyMap<string, string> {
  const ends = own.filter((e) => e.verb === 'delete' && resourceOf(e) === 'namespaces' && (e.responseStatus?.code ?? 0) < 300);
  return new Map(ends.map((e) => [e.objectRef?.name ?? '', e.requestReceivedTimestamp]));
}

/** Nothing is made in a namespace that is being taken away, and the binding that serves it, or lets the operator work in a drill, may go before the rest. */
function endsWithNamespace(e: AuditEvent, ended: ReadonlyMap<string, string>): boolean {
  const end = ended.get(e.objectRef?.namespace ?? '');
  return /because it is being terminated/.test(e.responseStatus?.message ?? '') || (end !== undefined && e.requestReceivedTimestamp >= end);
}

const what = (e: AuditEvent): string => [e.verb, e.objectRef?.apiGroup ?? '', resourceOf(e), e.objectRef?.namespace ?? '', e.objectRef?.name ?? ''].join(' ');

function grouped(events: readonly AuditEvent[]): RefusedRequest[] {
  const groups = new Map<string, AuditEvent[]>();
  for (const e of events) {
    const key = `${e.impersonatedUser?.username ?? ''} ${what(e)}`;
    groups.set(key, [...(groups.get(key) ?? []), e]);
  }
  return [...groups.values()].flatMap(([first, ...more]) => (first === undefined ? [] : [refusedRequest(first, 1 + more.length)]));
}

function refusedRequest(e: AuditEvent, count: number): RefusedRequest {
  const { namespace = '', name = '' } = e.objectRef ?? {};
  return { as: e.impersonatedUser?.username ?? e.user.username, verb: e.verb, resource: resourceOf(e), namespace, name, count, message: e.responseStatus?.message ?? '' };
}
