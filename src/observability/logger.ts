import type { Writable } from 'node:stream';
import winston from 'winston';
import { redact } from './redact.js';

/** Values of a log line; what looks like a secret by its key is not written. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One line an event: a constant message, everything variable in fields. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A logger that writes JSON lines (`time`, `level`, `message`, then the fields) to `stream`; default: standard error. */
export function createLogger(options: { level: LogLevel; fields?: LogFields; stream?: Writable }): Logger {
  const transport = new winston.transports.Stream({ stream: options.stream ?? process.stderr });
  const format = winston.format.printf((info) => String(info.message));
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston's own types disagree with each other
  const sink = winston.createLogger({ level: options.level, exitOnError: false, format, transports: [transport] });
  return fieldLogger(sink, options.fields ?? {});
}

/** A logger that writes nothing: for programs that print for people. */
export function silentLogger(): Logger {
  const nothing = (): void => undefined;
  const logger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => logger };
  return logger;
}

function fieldLogger(sink: winston.Logger, fixed: LogFields): Logger {
  const write = (level: LogLevel, message: string, fields: LogFields | undefined): void => {
    if (!sink.isLevelEnabled(level)) return;
    const safe = redact({ ...fixed, ...fields }) as Record<string, unknown>;
    sink.log(level, JSON.stringify({ time: new Date().toISOString(), level, message, ...withoutReserved(safe) }));
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    child: (fields) => fieldLogger(sink, { ...fixed, ...fields }),
  };
}

/** A field cannot replace what every line has. */
function withoutReserved(fields: Record<string, unknown>): Record<string, unknown> {
  const { time, level, message, ...rest } = fields;
  const renamed = { fieldTime: time, fieldLevel: level, fieldMessage: message };
  for (const [key, value] of Object.entries(renamed)) if (value !== undefined) rest[key] = value;
  return rest;
}
