/**
 * The `perennial` command: the one place of it that reads the environment and touches the process. The client and the runtimes are
 * imported late: each takes longer to load than Node itself, and many commands need neither.
 */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { installationOf } from '../client/installation';
import { settleNoProxy } from '../client/loopback';
import type { Runtime } from '../runtimes/runtime';
import type { CliContext } from './context';
import { readGatewayAccess } from './gateway/access';
import { readSecret } from './input/read-secret';
import { openOutput } from './output/process-output';
import { ownName } from './own-name';
import { ownStreams } from './own-streams';
import { runCommandLine } from './run';

const { env, stdin, stdout, stderr } = process;
// Read by gRPC itself.
Object.assign(env, settleNoProxy(env));
const output = openOutput({ stdout, stderr });

const context: Omit<CliContext, 'exit'> = {
  settings: {
    dir: env.PERENNIAL_DIR || '.perennial',
    images: path.resolve(env.PERENNIAL_IMAGES || 'images'),
    by: ownName(env),
  },
  readTemporalConfig: async () => (await import('./temporal-config.js')).readTemporalConfig(env),
  connect: async (options) => (await import('../client.js')).connectClient(options),
  openRuntime,
  openCluster: env.KUBECONFIG ? (client) => openCluster(client, env.KUBECONFIG || null) : null,
  gateway: readGatewayAccess(env),
  stores: {
    setting: env.PERENNIAL_SECRETS === 'files' || env.PERENNIAL_SECRETS === 'kubernetes' ? env.PERENNIAL_SECRETS : null,
    openFiles: async (folder) => (await import('../secrets/files/index.js')).createFileStore(folder),
    openCluster: env.KUBECONFIG ? (installation) => openClusterStore(installation, env.KUBECONFIG || null) : null,
  },
  readSecret: (question) => readSecret({ stdin, stderr, question }),
  out: output,
  streams: () =>
    ownStreams({ stdin, stdout, stderr, term: env.TERM, onSignal: (signal, listener) => listen([signal], listener) }),
  confirm: stdin.isTTY && stdout.isTTY ? confirm : null,
  now: Date.now,
  pause: (durationMs) => pause(durationMs),
  onInterrupt: (listener) => listen(['SIGINT'], listener),
  onTermination: (listener) => listen(['SIGTERM', 'SIGHUP'], listener),
};

const ended = runCommandLine(context, process.argv.slice(2)).then(output.finish);
// Open handles, such as a request that was given up, must not hold the process.
void Promise.race([ended, output.broken]).then((code) => process.exit(code));

async function openRuntime(where: { dir: string; images: string }): Promise<Runtime> {
  const { createSandboxRuntime } = await import('../runtimes/sandbox/index.js');
  return createSandboxRuntime(where);
}

async function openCluster(client: Client, kubeconfig: string | null) {
  const { createKubernetesRuntime } = await import('../runtimes/kubernetes/index.js');
  const { PERENNIAL_KUBERNETES_CONTEXT: context } = env;
  const installation = await installationOf(client);
  return createKubernetesRuntime({ kubeconfig, installation, ...(context && { context }) });
}

async function openClusterStore(installation: string, kubeconfig: string | null) {
  const { createKubernetesStore } = await import('../secrets/kubernetes/index.js');
  const { PERENNIAL_KUBERNETES_CONTEXT: context, PERENNIAL_SECRETS_NAMESPACE: namespace } = env;
  return createKubernetesStore({ kubeconfig, installation, ...(context && { context }), ...(namespace && { namespace }) });
}

/** Ctrl-C and a closed input are a no. */
async function confirm(question: string): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises');
  const reader = createInterface({ input: stdin, output: stderr });
  const closed = new Promise<null>((resolve) => reader.once('close', () => resolve(null)));
  const answer = await Promise.race([reader.question(`${question} [y/N] `), closed]);
  reader.close();
  // A closed input has sent no line end.
  if (answer === null) stderr.write('\n');
  return answer !== null && /^y(es)?$/i.test(answer.trim());
}

function listen(signals: NodeJS.Signals[], listener: () => void): () => void {
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
