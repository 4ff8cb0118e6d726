import type { Variant } from '../../proof/token-store.js';

/** An image of test/apps/build as pods name it, for instance `kafka:4`. */
export function imageOf(name: string, variant: Variant): string {
  return `localhost/stillpoint-test/${name}${variant === 'init' ? '-init' : ''}`;
}
