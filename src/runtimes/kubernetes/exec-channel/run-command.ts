import { RuntimeFailure } from '../../failure';
import type { Command, CommandResult } from '../../runtime';
import { ApiFailure } from '../api/api-error';
import { failureOf } from '../api/runtime-failure';
import { CHANNEL, type ExecPlace, execPath, listen } from './channels';
import { createMarker, GO, markedCommand, readMarked } from './end-marker';

const TAIL_BYTES = 256 * 1024;
const BINARY_BYTES = 2 * 1024 * 1024;
/** No command of ours says a tenth of this, and one that floods its line would hold up all others of the worker. */
const MOST_RECEIVED_BYTES = 64 * 1024 * 1024;
/** What a message costs besides its length. */
const MESSAGE_BYTES = 100;
const MOST_STATUS_BYTES = 64 * 1024;

/** Version 5 answers success for a command that was cut off; version 4 closes the line. */
const PROTOCOLS = ['v4.channel.k8s.io'];

/** A command, and what must hold of its place once the line to it is open, before anything of it runs. */
export interface PlacedCommand extends Command {
  checkPlace?(): Promise<void>;
}

/**
 * Runs a command in a container and waits for its own end mark.
 * @throws PodLost when the API server has no such pod; RuntimeUnavailable when the line was lost before the end; what the check of
 * the place throws; the signal's reason
 */
export async function runCommand(place: ExecPlace, command: PlacedCommand, signal: AbortSignal): Promise<CommandResult> {
  const { exitCode, stdout, stderr } = await run(place, { command, keepBytes: TAIL_BYTES, signal });
  return { exitCode, stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8') };
}

/** The same, with up to 2 MiB of standard output as it came. */
export function runBinaryCommand(place: ExecPlace, command: Command, signal: AbortSignal): Promise<BinaryResult> {
  return run(place, { command, keepBytes: BINARY_BYTES, signal });
}

interface BinaryResult {
  exitCode: number;
  stdout: Buffer;
  stderr: Buffer;
}

async function run(
  place: ExecPlace,
  given: { command: PlacedCommand; keepBytes: number; signal: AbortSignal },
): Promise<BinaryResult> {
  const { command, keepBytes, signal } = given;
  signal.throwIfAborted();
  const marker = createMarker();
  const input = Buffer.from(command.stdin ?? '');
  const argv = markedCommand(marker, { argv: withEnv(command), stdinBytes: input.length });
  const socket = await openLine(place, { argv, stdin: true, tty: false });
  const stdout = readMarked(marker, keepBytes);
  const stderr = readMarked(marker, keepBytes);
  let said = '';
  let received = 0;
  return new Promise<BinaryResult>((resolve, reject) => {
    const line = listen(socket, (channel, data) => {
      received += data.length + MESSAGE_BYTES;
      if (received > MOST_RECEIVED_BYTES) return fail(flooded(place));
      if (channel === CHANNEL.stdout) stdout.push(data);
      if (channel === CHANNEL.stderr) stderr.push(data);
      if (channel === CHANNEL.status) said = data.toString('utf8', 0, MOST_STATUS_BYTES);
      const exitCode = stdout.exitCode();
      if (exitCode === null || stderr.exitCode() === null) return;
      resolve({ exitCode, stdout: stdout.content(), stderr: stderr.content() });
      line.close();
    });
    const fail = (reason: unknown) => {
      reject(reason);
      line.close();
    };
    const stop = () => fail(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    void line.closed.then(() => {
      signal.removeEventListener('abort', stop);
      reject(cutOff(place, said));
    });
    const go = () => line.send(CHANNEL.stdin, Buffer.concat([Buffer.from(GO), input]));
    Promise.resolve(command.checkPlace?.()).then(go, fail);
  });
}

/** Opens the line to a command that is not started before it is open. */
export async function openLine(place: ExecPlace, given: { argv: string[]; stdin: boolean; tty: boolean; protocols?: string[] }) {
  try {
    return await place.socket(execPath(place, given), given.protocols ?? PROTOCOLS);
  } catch (error) {
    const isGone = error instanceof ApiFailure && error.status === 404 && /pods? ".*" not found/.test(error.message);
    if (isGone) throw new RuntimeFailure('PodLost', `pod ${place.pod} is gone: ${error.message}`);
    // What a kubelet that has just come back says of pods is not certain, so nothing here is final but a refusal of ourselves.
    if (error instanceof ApiFailure && error.status !== 403) {
      throw new RuntimeFailure('RuntimeUnavailable', `a command in pod ${place.pod} could not be started: ${error.message}`);
    }
    throw failureOf(error, `a command in pod ${place.pod}`);
  }
}

/** No argument is empty or missing for `env` itself, whatever the command's own are. */
export function withEnv({ argv, env = {} }: Command): string[] {
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? argv : ['env', ...pairs, ...argv];
}

function flooded({ pod }: ExecPlace): RuntimeFailure {
  const most = `${MOST_RECEIVED_BYTES / 1024 / 1024} MiB`;
  return new RuntimeFailure('RuntimeUnavailable', `a command in pod ${pod} was cut off: it said more than ${most}`);
}

function cutOff({ pod }: ExecPlace, said: string): RuntimeFailure {
  const { message } = parse(said);
  const why = message === undefined ? 'the connection was lost before it told its end' : message;
  return new RuntimeFailure('RuntimeUnavailable', `a command in pod ${pod} was cut off: ${why}`);
}

/** The API server's word on a command, which is only used to explain. */
function parse(status: string): { message?: string } {
  try {
    const { message } = JSON.parse(status) as { message?: unknown };
    return typeof message === 'string' ? { message: message.slice(0, 500) } : {};
  } catch {
    return {};
  }
}
