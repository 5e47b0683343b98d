import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type LogPosition, MAX_LOG_BYTES } from '../build-log/position';
import { GatewayError } from '../gateway-error';

/** How far a reader of events has come: all that another copy of the gateway needs to go on behind it. */
export interface Progress {
  build: number;
  /** The digest of each step as last sent, by name. */
  steps: Record<string, string>;
  /** How far the log of each step was sent, by name. */
  logs: Record<string, LogProgress>;
  /** Whether the last event was sent. */
  isOver: boolean;
}

/** How far a log was sent. */
export interface LogProgress {
  position: LogPosition;
  /** Whether all of it was sent. */
  isOver: boolean;
}

/** Before the first event of a build. */
export const progressOf = (build: number): Progress => ({ build, steps: {}, logs: {}, isOver: false });

/** Short, since it only distinguishes the last state of a step from others. */
export const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 8);

const shortText = z.string().max(40);
const encoded = z.object({
  b: z.int().min(1),
  s: z.record(shortText, shortText),
  l: z.record(shortText, z.tuple([z.int().min(0), shortText, z.union([z.literal(0), z.literal(1)])])),
  o: z.union([z.literal(0), z.literal(1)]),
});

/** The id of an event: the progress of a reader that has got it. */
export function formatEventId({ build, steps, logs, isOver }: Progress): string {
  const l = Object.entries(logs).map(([step, { position, isOver: isLogOver }]) => {
    return [step, [position.offset, position.tail, isLogOver ? 1 : 0]];
  });
  const json = JSON.stringify({ b: build, s: steps, l: Object.fromEntries(l), o: isOver ? 1 : 0 });
  return Buffer.from(json).toString('base64url');
}

/** @throws GatewayError 400 */
export function parseEventId(id: string): Progress {
  const { success, data } = encoded.safeParse(parseJson(id));
  if (!success) throw new GatewayError(400, 'InvalidRequest', 'last-event-id: expected the id of an event of this build');
  const logs = Object.entries(data.l).map(([step, [offset, tail, isLogOver]]) => {
    // A log that is longer for a moment is searched for the bytes before the position, once it has been cut.
    const position = { offset: Math.min(offset, MAX_LOG_BYTES), tail };
    return [step, { position, isOver: isLogOver === 1 }] as const;
  });
  return { build: data.b, steps: data.s, logs: Object.fromEntries(logs), isOver: data.o === 1 };
}

const MAX_ID_CHARS = 4_096;

function parseJson(id: string): unknown {
  try {
    return id.length > MAX_ID_CHARS ? null : JSON.parse(Buffer.from(id, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
