import type { Logger } from '../observability/logger.js';

/** The part of `process` that matters here. */
interface SignalSource {
  on(event: 'SIGTERM' | 'SIGINT', listener: (name: string) => void): unknown;
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown;
}

/**
 * A signal that aborts on SIGTERM or SIGINT; a second one exits with 1 at once. What nobody has caught is logged and exits with 1: a process
 * in an unknown state must not go on acting.
 */
export function processSignal(options: { process: SignalSource; exit: (code: number) => void; log: Logger }): AbortSignal {
  const { process, exit, log } = options;
  const controller = new AbortController();
  const onSignal = (name: string): void => {
    if (controller.signal.aborted) return exit(1);
    log.info('stopping', { signal: name });
    controller.abort(new Error(`received ${name}`));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', (error: unknown) => {
    log.error('uncaught exception', { error });
    exit(1);
  });
  process.on('unhandledRejection', (error: unknown) => {
    log.error('unhandled rejection', { error });
    exit(1);
  });
  return controller.signal;
}
