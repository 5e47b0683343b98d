import type { Logger, LogMetadata } from '@temporalio/worker';
import pino from 'pino';
import { ASK_AGAIN } from '../contract/messages';

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** The worker's log: one line of JSON for each event, on standard output unless `destination` is given. */
export function createLogger({ level, destination }: { level: string; destination?: pino.DestinationStream }): Logger {
  // The SDK puts what an activity threw into the field `error`; without a serializer pino writes an Error as `{}`.
  const options = { level, base: null, serializers: { error: pino.stdSerializers.err } };
  const logger = destination === undefined ? pino(options) : pino(options, destination);
  const write = (name: Level, message: string, meta?: LogMetadata) =>
    logger[isRetriedQuery(meta) ? 'debug' : name](meta ?? {}, message);
  return {
    log: (logLevel, message, meta) => write(pinoLevel(logLevel), message, meta),
    trace: (message, meta) => write('trace', message, meta),
    debug: (message, meta) => write('debug', message, meta),
    info: (message, meta) => write('info', message, meta),
    warn: (message, meta) => write('warn', message, meta),
    error: (message, meta) => write('error', message, meta),
  };
}

/** A query between two tasks of its workflow fails, and the client sends it again: no operator has anything to repair. */
function isRetriedQuery(meta: LogMetadata | undefined): boolean {
  return typeof meta?.failure === 'string' && meta.failure.includes(ASK_AGAIN);
}

function pinoLevel(level: string): Level {
  const name = level.toLowerCase();
  return name === 'trace' || name === 'debug' || name === 'warn' || name === 'error' ? name : 'info';
}
