import type { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

const KEPT_BYTES = 256 * 1024;
const DRAIN_TURNS = 1_000;

/** The end of a stream, as received so far. */
export interface Tail {
  text(): string;
}

/** Reads a stream and keeps its last 256 KiB, in constant memory and linear time. */
export function keepTail(stream: Readable | null, onReceived: (bytes: number) => void): Tail {
  const room = Buffer.alloc(2 * KEPT_BYTES);
  let used = 0;
  stream?.on('data', (chunk: Buffer) => {
    onReceived(chunk.length);
    const piece = chunk.subarray(-KEPT_BYTES);
    // Moved only when the room is full, so that small chunks cost no more.
    if (used + piece.length > room.length) {
      room.copyWithin(0, used - KEPT_BYTES, used);
      used = KEPT_BYTES;
    }
    used += piece.copy(room, used);
  });
  return { text: () => room.toString('utf8', Math.max(0, used - KEPT_BYTES), used) };
}

/**
 * Reads what is left in the pipes of a program that has ended. Processes it left running may hold them open and write without limit, so
 * a turn of the event loop without a chunk counts as their end.
 */
export async function drain(streams: Readable[]): Promise<void> {
  let pieces = 0;
  const count = () => {
    pieces += 1;
  };
  for (const stream of streams) stream.on('data', count);
  for (let turns = 0; turns < DRAIN_TURNS; turns += 1) {
    const before = pieces;
    await turn();
    await turn();
    if (pieces === before && streams.every((stream) => !stream.isPaused())) break;
  }
  for (const stream of streams) stream.off('data', count);
}
