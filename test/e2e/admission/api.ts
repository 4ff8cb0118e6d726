import { ApiError } from '../../../src/runtime/api-error.js';
import { systemClock } from '../../../src/runtime/clock.js';
import { loadConfig } from '../../../src/runtime/config.js';
import { createTransport } from '../../../src/runtime/transport.js';

/** What the API server answered: a code and the object, or its Status. */
export interface Answer {
  readonly code: number;
  readonly body: unknown;
}

/** Plain requests where kubectl would look at the object itself before it sends it. */
export interface Api {
  create(plural: string, namespace: string, object: unknown): Promise<Answer>;
  close(): void;
}

export function openApi(): Api {
  const clock = systemClock();
  const transport = createTransport(loadConfig({ clock }), { clock, userAgent: 'e2e-fuzz' });
  return {
    close: () => transport.close(),
    create: async (plural, namespace, object) => {
      const path = `/apis/stillpoint.dev/v1alpha1/namespaces/${namespace}/${plural}?fieldValidation=Strict`;
      try {
        const answer = await transport.request({ method: 'POST', path, headers: { 'Content-Type': 'application/json' }, body: Buffer.from(JSON.stringify(object)) });
        return { code: 201, body: JSON.parse(answer.body.toString('utf8')) as unknown };
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        return { code: error.code, body: { message: error.message } };
      }
    },
  };
}
