/** The end of the process: calls under way end, held pings are forwarded, and a process that hangs is ended. */
import type { Logger } from 'pino';
import type { GatewayServer } from './server';

/** Below the grace of orchestrators, and of the embedded stack. */
const LONGEST_DRAIN_MS = 12_000;

const IDLE_CHECK_MS = 100;

/** Ends connections once the calls under way on them have ended, which would stay open for the next call. */
export function closeConnectionsAtEnd(server: GatewayServer): void {
  let isClosing = false;
  server.addHook('preClose', async () => {
    isClosing = true;
    // While connections are accepted, one without a call may be new.
    const closeIdle = () => server.server.listening || server.server.closeIdleConnections();
    const timer = setInterval(closeIdle, IDLE_CHECK_MS);
    server.server.once('close', () => clearInterval(timer));
  });
  server.addHook('onSend', async (_, reply) => {
    if (isClosing) reply.header('connection', 'close');
  });
}

/** `closeRest` closes what the last calls still need. */
export function drainOnSignals(server: GatewayServer, logger: Logger, closeRest: () => Promise<unknown>): void {
  let isEnding = false;
  const end = async () => {
    if (isEnding) return;
    isEnding = true;
    logger.info('gateway: draining');
    setTimeout(() => {
      logger.error({ ms: LONGEST_DRAIN_MS }, 'gateway: not drained in time');
      process.exit(1);
    }, LONGEST_DRAIN_MS).unref();
    await server.close();
    await closeRest();
    logger.info('gateway: ended');
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const) {
    process.on(signal, () => {
      end().catch((error: unknown) => {
        logger.error({ error }, 'gateway: the drain failed');
        process.exit(1);
      });
    });
  }
}
