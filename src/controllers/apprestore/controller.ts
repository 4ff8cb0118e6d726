import type { ReconcileContext } from '../../runtime/controller.js';
import type { Outcome } from '../../runtime/outcome.js';
import type { OperatorDeps } from '../deps.js';

export function reconcileAppRestore(deps: OperatorDeps): (key: string, context: ReconcileContext) => Promise<Outcome> {
  return (key) => {
    deps.log.warn('AppRestore is being written', { key });
    return Promise.resolve({ kind: 'done' });
  };
}
