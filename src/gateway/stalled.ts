import type { ServerResponse } from 'node:http';

const MAX_STALL_MS = 60_000;

/** Ends the connection of a client that takes nothing for a minute while there is something for it. */
export function destroyWhenStalled(response: ServerResponse): void {
  let written = -1;
  const timer = setInterval(() => {
    const now = response.socket?.bytesWritten ?? 0;
    if (response.writableLength > 0 && now === written) response.destroy();
    written = now;
  }, MAX_STALL_MS);
  response.once('close', () => clearInterval(timer));
}
