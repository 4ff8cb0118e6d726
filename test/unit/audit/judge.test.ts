import { describe, expect, test } from '@jest/globals';
import { judge } from '../../e2e/audit/judge.js';
import type { AuditEvent } from '../../e2e/audit/log.js';
import type { GrantedRight } from '../../e2e/audit/rights.js';

const operator = { username: 'system:serviceaccount:stillpoint-system:stillpoint', userAgent: 'stillpoint/' };
const drill = 'shop-drill-0123456789';
const within = /-drill-[0-9a-f]{10}$/;

/** An answered request of the operator, `as` an account of a namespace or as itself. */
function request(verb: string, resource: string, { code = 200, namespace = drill, name = 'some', as, at = 1, message = '' }: { code?: number; namespace?: string; name?: string; as?: string; at?: number; message?: string } = {}): AuditEvent {
  const [plural = '', subresource] = resource.split('/');
  return {
    stage: 'ResponseComplete',
    verb,
    requestURI: '/',
    user: { username: operator.username },
    userAgent: 'stillpoint/1',
    ...(as === undefined ? {} : { impersonatedUser: { username: `system:serviceaccount:${as}:stillpoint` } }),
    objectRef: { resource: plural, ...(subresource === undefined ? {} : { subresource }), namespace, name },
    responseStatus: { code, message },
    requestReceivedTimestamp: `2026-11-30T12:00:0${at}.000000Z`,
  };
}

const right = (verb: string, resource: string, more: Partial<GrantedRight> = {}): GrantedRight => ({ role: 'ClusterRole any', namespace: undefined, group: '', resource, verb, ...more });
const uses = (granted: GrantedRight, ...events: readonly AuditEvent[]): number | undefined => judge(events, [granted], operator).rights[0]?.count;

describe('the uses of a right', () => {
  test('of a role of the operator are its own requests, wherever they go', () => {
    expect(uses(right('get', 'pods'), request('get', 'pods'), request('get', 'pods', { namespace: 'shop' }), request('get', 'pods', { as: drill }), request('list', 'pods'), request('get', 'pods', { code: 403 }))).toBe(2);
  });

  test('of a role for drills are those in drills, of the operator and of their accounts', () => {
    expect(uses(right('get', 'pods', { within }), request('get', 'pods'), request('get', 'pods', { as: drill }), request('get', 'pods', { namespace: 'shop' }), request('get', 'pods', { namespace: 'shop', as: 'shop' }))).toBe(2);
    expect(uses(right('impersonate', 'serviceaccounts', { within }), request('get', 'pods', { as: drill }), request('get', 'pods', { as: 'shop' }))).toBe(1);
    expect(uses(right('impersonate', 'serviceaccounts'), request('get', 'pods', { as: drill }), request('get', 'pods', { as: 'shop' }))).toBe(2);
  });

  test('to create are also applies that made something', () => {
    expect(uses(right('create', 'configmaps'), request('create', 'configmaps', { code: 201 }), request('patch', 'configmaps', { code: 201 }), request('patch', 'configmaps'))).toBe(2);
    expect(uses(right('patch', 'configmaps'), request('patch', 'configmaps', { code: 201 }))).toBe(1);
  });

  test('to bind are bindings that were made', () => {
    const bind = right('bind', 'clusterroles', { group: 'rbac.authorization.k8s.io' });
    expect(uses(bind, request('create', 'rolebindings', { code: 201 }), request('create', 'rolebindings', { code: 409 }), request('create', 'pods', { code: 201 }))).toBe(1);
  });
});

describe('what was refused', () => {
  const refused = (...events: readonly AuditEvent[]) => judge(events, [], operator);

  test('to the operator speaks against it, but not in a namespace that it has had deleted, or that is being terminated', () => {
    const removal = request('delete', 'namespaces', { name: drill, at: 3 });
    const { refusedToOperator, refusedForOtherReasons } = refused(
      request('get', 'pods', { code: 403, at: 2, name: 'before' }),
      removal,
      request('delete', 'namespaces', { name: drill, at: 5 }),
      request('get', 'pods', { code: 403, at: 4, name: 'after' }),
      request('get', 'pods', { code: 403, at: 4, namespace: 'shop', name: 'elsewhere' }),
      request('create', 'pods', { code: 403, at: 2, name: 'ending', message: 'unable to create new content in namespace x because it is being terminated' }),
    );
    expect(refusedToOperator.map((r) => r.name)).toEqual(['before', 'elsewhere']);
    expect(refusedForOtherReasons.map((r) => r.name)).toEqual(['after', 'ending']);
  });

  test('the deletion of a namespace that was refused excuses nothing', () => {
    expect(refused(request('delete', 'namespaces', { code: 403, name: drill, at: 1 }), request('get', 'pods', { code: 403, at: 2 })).refusedToOperator).toHaveLength(2);
  });

  test('to an account, and then done by the operator itself, is a fallback', () => {
    const { fallbacks, refusedToTenants } = refused(request('get', 'secrets', { code: 403, as: drill }), request('get', 'secrets'));
    expect([fallbacks.length, refusedToTenants.length]).toEqual([1, 1]);
  });
});
