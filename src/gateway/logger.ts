import pino, { type Logger } from 'pino';

/** One line of JSON for each event, on standard output unless `destination` is given. No line has a header or a body. */
export function createLogger({ level, destination }: { level: string; destination?: pino.DestinationStream }): Logger {
  // Without a serializer pino writes an Error as `{}`.
  const options = { level, base: null, serializers: { error: pino.stdSerializers.err } };
  return destination === undefined ? pino(options) : pino(options, destination);
}
