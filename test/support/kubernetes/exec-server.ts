import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import WebSocket, { WebSocketServer } from 'ws';
import { CHANNEL, type ExecPlace } from '../../../src/runtimes/kubernetes/exec-channel/channels';

/** A command that came over the line. */
export interface OpenCommand {
  argv: string[];
  /** The server's end. */
  line: WebSocket;
  say(channel: number, data: Buffer | string): void;
  /** Ends it as if it had said this and done nothing else. */
  reply(stdout: string): void;
  /** Starts it on this machine, with its input from the line and its output where the test sends it. */
  start(): ChildProcessWithoutNullStreams;
  /** Resolves once the caller has taken all that was said. */
  taken(): Promise<void>;
}

/** A kubelet of a few lines, of which the test moves every part. */
export interface ExecServer {
  place: ExecPlace;
  /** What happens to each command. */
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
    place: {
      socket(path, protocols) {
        const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols);
        return new Promise((resolve) =>
          socket.once('open', () => {
            // As from the API server: what was said at once waits until the caller listens.
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
    onCommand: (given) => {
      run = given;
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
