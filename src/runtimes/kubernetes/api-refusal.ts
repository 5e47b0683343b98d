import type { IncomingMessage } from 'node:http';
import { type ApiFailure, readAnswer } from './api-failure';

/** Enough for any Status; more is a proxy's page. */
const MAX_BYTES = 64 * 1024;

/** What a server says instead of the stream that was asked for. A body that does not come to its end counts as far as it came. */
export async function readRefusal(response: IncomingMessage): Promise<ApiFailure> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      parts.push(part);
      length += part.length;
      if (length > MAX_BYTES) break;
    }
  } catch {
    // The status is known all the same.
  }
  return readAnswer(response.statusCode ?? 0, Buffer.concat(parts).toString('utf8'));
}
