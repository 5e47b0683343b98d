import { createServer } from 'node:net';
import { StartRefusal } from './start-refusal';

/** The address everything of the embedded stack listens on: this machine only. */
export const HOST = '127.0.0.1';

/** The port asked for if nobody has it, or any free one for 0. Never another one in silence: scripts rely on the number. */
export async function choosePort({ option, port }: { option: string; port: number }): Promise<number> {
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

const listenOnce = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: HOST, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
