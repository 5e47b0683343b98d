import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import WebSocket, { WebSocketServer } from 'ws';
import type { ClusterContext } from '../../../src/runtimes/kubernetes/context';
import { CHANNEL, type ExecTarget } from '../../../src/runtimes/kubernetes/exec-channel/channels';
import { LABELS, podOf, RUNNING } from './pod-objects';

/** A command that a caller has opened. */
export interface OpenCommand {
  argv: string[];
  /** The server's end of the connection. */
  line: WebSocket;
  say(channel: number, data: Buffer | string): void;
  /** Ends it as if this were its whole output. */
  reply(stdout: string): void;
  /** Starts it on this machine with the caller's input; the test sends its output. */
  start(): ChildProcessWithoutNullStreams;
  /** Resolves once the caller has received all that was sent. */
  taken(): Promise<void>;
}

/** A kubelet of a few lines; the test decides what each command does. */
export interface ExecServer {
  target: ExecTarget;
  /** Sets what happens to each command. */
  onCommand(run: (command: OpenCommand) => void): void;
  end(): void;
}

export async function startExecServer(): Promise<ExecServer> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let run: (command: OpenCommand) => void = () => undefined;
  server.on('connection', (line, request) => {
    const { searchParams } = new URL(request.url ?? '', 'http://localhost');
    run(commandOn(line, searchParams.getAll('command')));
  });
  return {
    target: {
      socket(path, protocols) {
        const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols);
        return new Promise((resolve) =>
          socket.once('open', () => {
            // As with the API server: early messages wait until the caller listens.
            socket.pause();
            setImmediate(() => socket.resume());
            resolve(socket);
          }),
        );
      },
      namespace: 'perennial-default',
      pod: 'ws-w1',
      container: 'workspace',
    },
    onCommand: (handler) => {
      run = handler;
    },
    end() {
      for (const line of server.clients) line.terminate();
      server.close();
    },
  };
}

function commandOn(line: WebSocket, argv: string[]): OpenCommand {
  const early: Buffer[] = [];
  const keep = (message: Buffer) => early.push(message);
  line.on('message', keep);
  const say = (channel: number, data: Buffer | string) => line.send(Buffer.concat([Buffer.from([channel]), Buffer.from(data)]));
  return {
    argv,
    line,
    say,
    reply(stdout) {
      const [, one = '', two = ''] = /printf '%s%s:%s;' (\w+) (\w+)/.exec(argv.join(' ')) ?? [];
      say(CHANNEL.stderr, `${one}${two}:0;`);
      say(CHANNEL.stdout, `${stdout}${one}${two}:0;`);
    },
    start() {
      const [program = '', ...args] = argv;
      const child = spawn(program, args);
      child.stdin.on('error', () => undefined);
      const take = (message: Buffer) => {
        if (message[0] === CHANNEL.stdin) child.stdin.write(message.subarray(1));
        if (message[0] === CHANNEL.close) child.stdin.end();
      };
      line.off('message', keep);
      for (const message of early) take(message);
      line.on('message', take);
      return child;
    },
    async taken() {
      line.ping();
      await once(line, 'pong');
    },
  };
}

/** A context in which build 3 of `w1` runs by default, and commands come to the server; the informer last saw build `seen`. */
export function contextOf(
  { target }: ExecServer,
  { build = (): number => 3, seen = null as number | null, onRead = () => {} } = {},
): ClusterContext {
  const podOfBuild = (number: number) => podOf({ status: RUNNING, labels: { ...LABELS, 'perennial/build': String(number) } });
  const read = async () => {
    onRead();
    return podOfBuild(build());
  };
  const api = { pods: { read }, socket: target.socket };
  const pods = { seen: () => (seen === null ? undefined : podOfBuild(seen)) };
  return { api, pods, namespaceOf: (organization: string) => `perennial-${organization}` } as unknown as ClusterContext;
}
