import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { StartRefusal } from '../start-refusal';

/** Below what Linux, macOS, and others use for outgoing connections by default, and above the well-known ports of services. */
const LOWEST = 15_000;
const HIGHEST = 32_767;
const TRIES = 100;

/** The address everything of the embedded stack listens on: this machine only. */
export const HOST = '127.0.0.1';

/** The requested port if it is free, or any free one for 0. Never silently another: scripts rely on the number. */
export async function choosePort({ option, port }: { option: string; port: number }): Promise<number> {
  if (port === 0) return chooseFreePort();
  try {
    return await listenOnce(port);
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
        ? 'is taken by another program'
        : `cannot be used (${String(error)})`;
    throw new StartRefusal(`port ${port} ${why}; choose another with ${option} N, or any free one with ${option} 0`, 1, {
      cause: error,
    });
  }
}

/** None that the system gives to outgoing connections: one of those could have it before the server does. */
async function chooseFreePort(): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = await listenOnce(randomInt(LOWEST, HIGHEST + 1)).catch(() => null);
    if (port !== null) return port;
  }
  return listenOnce(0);
}

const listenOnce = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: HOST, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
