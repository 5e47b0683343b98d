import WebSocket from 'ws';
import { noAnswer } from './api-error';
import type { Access } from './credentials';
import { readRefusal } from './request';

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/**
 * Opens a WebSocket to a path of the API server. Rejects with what the server says, and never with the error of the layer below,
 * which holds the request and so its token.
 */
export async function openSocket(
  { access, timeoutMs }: { access: Access; timeoutMs: number },
  path: string,
  protocols: string[],
): Promise<WebSocket> {
  const { headers, agent } = await access.credentials();
  const socket = new WebSocket(`${access.server.replace(/^http/, 'ws')}${path}`, protocols, {
    headers,
    agent,
    handshakeTimeout: timeoutMs,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  return new Promise((resolve, reject) => {
    // A later error only shows as the socket's end; without a listener it would end the process.
    socket.on('error', (error: Error & { code?: string }) => {
      const isLate = /handshake has timed out/.test(error.message);
      reject(noAnswer(access.name, isLate ? { code: 'ETIMEDOUT' } : error, timeoutMs));
    });
    socket.once('open', () => {
      // Words that came with the answer wait until the caller listens.
      socket.pause();
      setImmediate(() => socket.resume());
      resolve(socket);
    });
    socket.once('unexpected-response', async (request, response) => {
      reject(await readRefusal(response, timeoutMs));
      request.destroy();
    });
  });
}
