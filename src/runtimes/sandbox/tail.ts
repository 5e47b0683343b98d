import type { Readable } from 'node:stream';

const LIMIT_BYTES = 256 * 1024;

/** The end of a stream, as far as it has come. */
export interface Tail {
  text(): string;
  /** How many bytes came in all. */
  received(): number;
}

/** Reads a stream and keeps its last 256 KiB. */
export function keepTail(stream: Readable | null): Tail {
  let chunks: Buffer[] = [];
  let kept = 0;
  let received = 0;
  stream?.on('data', (chunk: Buffer) => {
    received += chunk.length;
    kept += chunk.length;
    chunks.push(chunk);
    // Cut now and then only, so that much output costs no more than its length.
    if (kept < 2 * LIMIT_BYTES) return;
    chunks = [Buffer.concat(chunks).subarray(-LIMIT_BYTES)];
    kept = LIMIT_BYTES;
  });
  return { text: () => Buffer.concat(chunks).subarray(-LIMIT_BYTES).toString('utf8'), received: () => received };
}
