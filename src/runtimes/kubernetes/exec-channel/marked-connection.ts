import type WebSocket from 'ws';
import { onAbort } from '../../../hooks/until-aborted';
import { RuntimeFailure } from '../../failure';
import { CHANNEL, type ExecTarget, listen } from './channels';
import { createMarker, type Marker, readMarked } from './end-marker';

/** Ten times the output of any command that activities run; a flood on one connection would hold up all others of the worker. */
const MAX_RECEIVED_BYTES = 64 * 1024 * 1024;
/** Counted for each message besides its length. */
const MESSAGE_BYTES = 100;
const MAX_STATUS_BYTES = 64 * 1024;

/** The end of a command, with the last bytes of its streams. */
export interface BinaryResult {
  exitCode: number;
  stdout: Buffer;
  stderr: Buffer;
}

/** A command that is sent over an open connection. */
export interface MarkedRun {
  marker?: Marker;
  /** How much of the end of each stream is kept. */
  keepBytes: number;
  signal: AbortSignal;
  /** What makes the command begin, once the caller knows that it may. */
  begin(marker: Marker): Buffer | Promise<Buffer>;
}

/** A connection over which commands run one after another, each until its end marker. */
export interface MarkedConnection {
  /**
   * Runs one command. Any failure closes the connection, since the command may go on.
   * @throws RuntimeUnavailable when the connection is lost before the end; what `begin` throws; the signal's reason
   */
  run(command: MarkedRun): Promise<BinaryResult>;
  /** Sends a last input first, where there is one. */
  close(input?: string): void;
}

interface Running {
  stdout: ReturnType<typeof readMarked>;
  stderr: ReturnType<typeof readMarked>;
  resolve(result: BinaryResult): void;
  reject(reason: unknown): void;
}

/** Listens to the commands of a connection. */
export function openMarked(target: ExecTarget, socket: WebSocket): MarkedConnection {
  let running: Running | null = null;
  let lost: RuntimeFailure | null = null;
  let status = '';
  let received = 0;
  const connection = listen(socket, (channel, data) => {
    received += data.length + MESSAGE_BYTES;
    if (received > MAX_RECEIVED_BYTES) return fail(flooded(target));
    if (channel === CHANNEL.status) status = data.toString('utf8', 0, MAX_STATUS_BYTES);
    if (running === null) return;
    const { stdout, stderr, resolve } = running;
    if (channel === CHANNEL.stdout) stdout.push(data);
    if (channel === CHANNEL.stderr) stderr.push(data);
    const exitCode = stdout.exitCode();
    if (exitCode === null || stderr.exitCode() === null) return;
    running = null;
    resolve({ exitCode, stdout: stdout.content(), stderr: stderr.content() });
  });
  const fail = (reason: unknown) => {
    if (reason instanceof RuntimeFailure) lost ??= reason;
    running?.reject(reason);
    running = null;
    connection.close();
  };
  void connection.closed.then(() => fail(cutOff(target, status)));
  return {
    async run({ marker = createMarker(), keepBytes, signal, begin }) {
      signal.throwIfAborted();
      if (lost) throw lost;
      if (running) throw new Error('a command of this connection has not ended yet');
      received = 0;
      let stopHeeding = () => {};
      const result = new Promise<BinaryResult>((resolve, reject) => {
        running = { stdout: readMarked(marker, keepBytes), stderr: readMarked(marker, keepBytes), resolve, reject };
        stopHeeding = onAbort(signal, () => fail(signal.reason));
        const go = (input: Buffer) => connection.send(CHANNEL.stdin, input);
        Promise.resolve()
          .then(() => begin(marker))
          .then(go)
          .catch(fail);
      });
      return result.finally(stopHeeding);
    },
    close(input) {
      if (input !== undefined) connection.send(CHANNEL.stdin, input);
      connection.close();
    },
  };
}

function flooded({ pod }: ExecTarget): RuntimeFailure {
  const most = `${MAX_RECEIVED_BYTES / 1024 / 1024} MiB`;
  return new RuntimeFailure('RuntimeUnavailable', `a command in pod ${pod} was cut off: its output was more than ${most}`);
}

function cutOff({ pod }: ExecTarget, status: string): RuntimeFailure {
  const { message } = parse(status);
  const why = message === undefined ? 'the connection was lost before its end' : message;
  return new RuntimeFailure('RuntimeUnavailable', `a command in pod ${pod} was cut off: ${why}`);
}

/** The API server's status of a command, which only explains. */
function parse(status: string): { message?: string } {
  try {
    const { message } = JSON.parse(status) as { message?: unknown };
    return typeof message === 'string' ? { message: message.slice(0, 500) } : {};
  } catch {
    return {};
  }
}
