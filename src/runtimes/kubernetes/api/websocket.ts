import WebSocket from 'ws';
import { noAnswer } from './api-error';
import type { Access } from './credentials';
import { readRefusal } from './request';

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/**
 * Opens a WebSocket to a path of the API server. Rejects with the server's refusal, and never with the error of the library, which
 * holds the request and so its token.
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
    // Errors after the opening show as the socket's close; without a listener they would end the process.
    socket.on('error', (error: Error & { code?: string }) => {
      const isLate = /handshake has timed out/.test(error.message);
      reject(noAnswer(access.name, isLate ? { code: 'ETIMEDOUT' } : error, timeoutMs));
    });
    socket.once('open', () => {
      // Messages that arrived with the answer wait until the caller listens.
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
