/** The stack of docker-compose.yml on a real engine, under a project name of its own. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { connectClient, type PerennialClient } from '../../../src/client';
import { choosePort } from '../../../src/start/process/port';
import { until } from '../until';

const ROOT = path.join(__dirname, '..', '..', '..');
const PROJECT = 'perennial-test';
const WORKER_IMAGE = 'perennial-worker:0.1.0';
const BASE = /^ARG NODE=(\S+)$/m.exec(readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8'))?.[1] ?? '';
/** With the images there; they are built before, in the first `up`. */
const UP_MS = 15 * 60_000;
const BACK_MS = 180_000;
const CREATE_TOKEN = 'node dist/command/index.mjs token create --service test --scope ping,read,operate'.split(' ');

/** What cluster-access.sh applied. */
const CLEAR = `
  remove() { kubectl --server="$CLUSTER_SERVER" delete --ignore-not-found "$@"; }
  remove --kustomize=/deploy/kubernetes/organization
  cd /deploy/kubernetes/worker && remove --filename=secrets.yaml --filename=access.yaml --filename=namespace.yaml`;

/** A container, as Docker describes it. */
interface Container {
  Id: string;
  RestartCount: number;
  State: { Pid: number; Status: string; ExitCode: number; StartedAt: string; Health?: { Status: string } };
}

export interface ComposeStack {
  client: PerennialClient;
  /** Builds what is out of date, and resolves once every service is healthy, or has ended where it is meant to. */
  up(): Promise<void>;
  /** Removes the containers; with `volumes` also the data. */
  down(options?: { volumes: boolean }): Promise<void>;
  /** How each service is, by its name: its health, or how it ended. */
  services(): Promise<Record<string, string>>;
  /** Of the worker's image, in bytes: all of it, and what is not of its base. */
  imageSize(): Promise<{ total: number; added: number }>;
  /** A request to the gateway with the token of a service that may do everything on workspaces; resolves with the status code. */
  ask(method: 'GET' | 'POST', route: string, body?: object): Promise<number>;
  /** Ends the main process of a service's container as a crash does, and resolves once it is healthy again. */
  crash(service: string): Promise<void>;
  /** What a program in the container of a service prints. */
  exec(service: string, ...argv: string[]): Promise<string>;
  /** Removes what the stack made in a cluster that outlives it. */
  clearCluster(): Promise<void>;
  /** What the services logged. */
  logs(): Promise<string>;
}

export async function openComposeStack(): Promise<ComposeStack> {
  const choose = (option: string) => choosePort({ option, port: 0 });
  const port = await choose('--temporal-port');
  const gatewayPort = await choose('--gateway-port');
  const env = {
    ...process.env,
    PERENNIAL_TEST_TEMPORAL_PORT: String(port),
    PERENNIAL_TEST_UI_PORT: String(await choose('--ui-port')),
    PERENNIAL_TEST_GATEWAY_PORT: String(gatewayPort),
  };
  const { run, compose, exec, inspect } = commandsIn(env);
  let client: PerennialClient | null = null;
  let token: string | null = null;
  return {
    get client() {
      if (client === null) throw new Error('the stack is not up');
      return client;
    },
    up: async () => {
      await compose('up', '--build', '--wait', '--quiet-pull');
      client ??= await connectClient({ address: `127.0.0.1:${port}`, namespace: 'perennial' });
    },
    down: async ({ volumes } = { volumes: false }) => {
      await client?.close();
      client = null;
      await compose('down', '--remove-orphans', ...(volumes ? ['--volumes'] : []));
    },
    services: async () => {
      const names = (await compose('ps', '--all', '--services')).split('\n');
      return Object.fromEntries(await Promise.all(names.map(async (name) => [name, stateOf(await inspect(name))])));
    },
    imageSize: async () => {
      const sizeOf = async (image: string) => Number(await run('docker', ['image', 'inspect', '--format', '{{ .Size }}', image]));
      const [total, base] = await Promise.all([sizeOf(WORKER_IMAGE), sizeOf(BASE)]);
      return { total, added: total - base };
    },
    crash: async (service) => {
      const before = await inspect(service);
      // Docker does not restart what `docker kill` ended, and the first process of a container ignores signals from within.
      const end = ['node', '-e', `process.kill(${before.State.Pid}, 'SIGKILL')`];
      await run('docker', ['run', '--rm', '--pid=host', '--user=0', WORKER_IMAGE, ...end]);
      const isBack = async () => {
        const { State, RestartCount } = await inspect(service);
        return RestartCount > before.RestartCount && State.Health?.Status === 'healthy';
      };
      await until(`${service} is back and healthy`, isBack, { patienceMs: BACK_MS, pauseMs: 500 });
    },
    ask: async (method, route, body) => {
      token ??= await exec('gateway', ...CREATE_TOKEN);
      const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
      const url = `http://127.0.0.1:${gatewayPort}${route}`;
      const answer = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) });
      await answer.arrayBuffer();
      return answer.status;
    },
    exec,
    clearCluster: async () => {
      await compose('run', '--rm', '--no-TTY', '--entrypoint', 'sh', 'cluster-access', '-c', CLEAR);
    },
    logs: () => compose('logs', '--no-color', '--tail', '40'),
  };
}

/** Runs Docker's programs with an environment. */
function commandsIn(env: NodeJS.ProcessEnv) {
  const run = async (program: string, args: string[], timeout = BACK_MS) => {
    const { stdout } = await promisify(execFile)(program, args, { cwd: ROOT, env, timeout, maxBuffer: 2 ** 26 });
    return stdout.trim();
  };
  const compose = (...args: string[]) => {
    const [program = '', ...before] = composeCommand();
    return run(program, [...before, ...args], UP_MS);
  };
  const exec = (service: string, ...argv: string[]) => compose('exec', '--no-TTY', service, ...argv);
  const inspect = async (service: string): Promise<Container> => {
    const id = await compose('ps', '--all', '--quiet', service);
    return (JSON.parse(await run('docker', ['inspect', id])) as [Container])[0];
  };
  return { run, compose, exec, inspect };
}

const stateOf = ({ State }: Container) =>
  State.Status === 'exited' ? `exited ${State.ExitCode}` : (State.Health?.Status ?? State.Status);

/** Compose, with the files that scripts/test-compose.mjs chose. */
function composeCommand(): string[] {
  const command = process.env.PERENNIAL_TEST_COMPOSE;
  if (!command) throw new Error('PERENNIAL_TEST_COMPOSE is not set: `npm run test:compose` runs this test');
  return [...(JSON.parse(command) as string[]), '--project-name', PROJECT];
}
