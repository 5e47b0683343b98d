/**
 * `npm run gateway`: HTTP for those who hold no Temporal connection. Reads the environment, connects, listens, and drains on SIGTERM.
 */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Server as TlsServer } from 'node:tls';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Logger } from 'pino';
import { wrapClient } from './client';
import { installationOf } from './client/installation';
import { settleNoProxy, withoutProxyToLoopback } from './client/loopback';
import { NAMESPACE } from './contract/names';
import { createGateway } from './gateway/create-gateway';
import { drainOnSignals } from './gateway/drain';
import { createLogger } from './gateway/logger';
import { serveMetrics } from './gateway/metrics';
import { openRuntime, openStore } from './gateway/open';
import type { GatewayServer } from './gateway/server';
import { type GatewaySettings, readSettings } from './gateway/settings';
import { followCertificate, readCertificate } from './gateway/tls';
import { noteRunning } from './runtimes/sandbox/process/note-running';
import { createSigningKeys } from './secrets/signing-keys';

/** Rejects at start with a clear sentence when a setting is wrong or Temporal does not answer. */
async function runGateway(environment: NodeJS.ProcessEnv): Promise<void> {
  noteRunning(__dirname);
  const settings = readSettings(environment);
  const logger = createLogger({ level: settings.logLevel });
  const { connectionOptions, namespace = NAMESPACE } = loadClientConnectConfig();
  const connection = await Connection.connect(withoutProxyToLoopback(connectionOptions));
  const client = wrapClient(new Client({ connection, namespace }), () => connection.close());
  const installation = await installationOf(client.temporal);
  const [store, runtime] = await Promise.all([openStore(settings, installation), openRuntime(settings, installation)]);
  const certificate = settings.tls && readCertificate(settings.tls);
  const server = await createGateway({
    client,
    keys: createSigningKeys(store, installation),
    store,
    runtime,
    logger,
    version: readVersion(),
    now: Date.now,
    tls: certificate,
    limits: settings.limits,
  });
  const closing = [() => runtime?.close(), () => store.close(), () => client.close()];
  drainOnSignals(server, logger, () => Promise.all(closing.map((close) => close())));
  const { metricsPort, host } = settings;
  if (metricsPort !== null) {
    const metrics = await serveMetrics(server.metrics, { host, port: metricsPort });
    logger.info({ port: (metrics.address() as AddressInfo).port }, 'metrics: ready');
    closing.push(async () => void metrics.close());
  }
  await listen(server, settings, logger);
  if (certificate && settings.tls) {
    followCertificate(certificate, {
      server: server.server as unknown as TlsServer,
      files: settings.tls,
      onReload: () => logger.info('certificate: reloaded'),
      onFailure: (error) => logger.warn({ error }, 'certificate: not reloaded'),
    });
  }
}

async function listen(server: GatewayServer, settings: GatewaySettings, logger: Logger): Promise<void> {
  const { host, port } = settings;
  await server.listen({ host, port });
  const address = server.server.address() as AddressInfo;
  logger.info({ host: address.address, port: address.port, tls: settings.tls !== null }, 'gateway: ready');
  process.send?.({ ready: true });
}

function readVersion(): string {
  const text = readFileSync(path.join(__dirname, '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

Object.assign(process.env, settleNoProxy(process.env));
runGateway(process.env).catch((error: unknown) => {
  process.stderr.write(`gateway: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
