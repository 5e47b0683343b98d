import { onAbort } from '../../../hooks/until-aborted';
import { RuntimeFailure } from '../../failure';
import type { Command, CommandResult } from '../../runtime';
import { ApiFailure } from '../api/api-error';
import { failureOf } from '../api/runtime-failure';
import { CHANNEL, type ExecTarget, execPath, listen } from './channels';
import { createMarker, GO, markedCommand, readMarked } from './end-marker';

const TAIL_BYTES = 256 * 1024;
const BINARY_BYTES = 2 * 1024 * 1024;
/** Ten times the output of any command that activities run; a flood on one connection would hold up all others of the worker. */
const MAX_RECEIVED_BYTES = 64 * 1024 * 1024;
/** Counted for each message besides its length. */
const MESSAGE_BYTES = 100;
const MAX_STATUS_BYTES = 64 * 1024;

/** Version 5 reports success for a command that was cut off; version 4 closes the connection. */
const PROTOCOLS = ['v4.channel.k8s.io'];

/** A command, and a check of its pod once the connection is open and before the command begins. */
export interface VerifiedCommand extends Command {
  verifyTarget?(): Promise<void>;
}

/**
 * Runs a command in a container and waits for its end marker.
 * @throws PodLost when the API server has no such pod; RuntimeUnavailable when the connection was lost before the end; what
 * `verifyTarget` throws; the signal's reason
 */
export async function runCommand(target: ExecTarget, command: VerifiedCommand, signal: AbortSignal): Promise<CommandResult> {
  const { exitCode, stdout, stderr } = await run(target, { command, keepBytes: TAIL_BYTES, signal });
  return { exitCode, stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8') };
}

/** Runs a command, and returns up to 2 MiB of its standard output as bytes. */
export function runBinaryCommand(target: ExecTarget, command: Command, signal: AbortSignal): Promise<BinaryResult> {
  return run(target, { command, keepBytes: BINARY_BYTES, signal });
}

interface BinaryResult {
  exitCode: number;
  stdout: Buffer;
  stderr: Buffer;
}

async function run(
  target: ExecTarget,
  options: { command: VerifiedCommand; keepBytes: number; signal: AbortSignal },
): Promise<BinaryResult> {
  const { command, keepBytes, signal } = options;
  signal.throwIfAborted();
  const marker = createMarker();
  const input = Buffer.from(command.stdin ?? '');
  const argv = markedCommand(marker, { argv: withEnv(command), stdinBytes: input.length });
  const socket = await openConnection(target, { argv, stdin: true, tty: false });
  const stdout = readMarked(marker, keepBytes);
  const stderr = readMarked(marker, keepBytes);
  let status = '';
  let received = 0;
  return new Promise<BinaryResult>((resolve, reject) => {
    const connection = listen(socket, (channel, data) => {
      received += data.length + MESSAGE_BYTES;
      if (received > MAX_RECEIVED_BYTES) return fail(flooded(target));
      if (channel === CHANNEL.stdout) stdout.push(data);
      if (channel === CHANNEL.stderr) stderr.push(data);
      if (channel === CHANNEL.status) status = data.toString('utf8', 0, MAX_STATUS_BYTES);
      const exitCode = stdout.exitCode();
      if (exitCode === null || stderr.exitCode() === null) return;
      resolve({ exitCode, stdout: stdout.content(), stderr: stderr.content() });
      connection.close();
    });
    const fail = (reason: unknown) => {
      reject(reason);
      connection.close();
    };
    const stopHeeding = onAbort(signal, () => fail(signal.reason));
    void connection.closed.then(() => {
      stopHeeding();
      reject(cutOff(target, status));
    });
    const go = () => connection.send(CHANNEL.stdin, Buffer.concat([Buffer.from(GO), input]));
    Promise.resolve(command.verifyTarget?.()).then(go, fail);
  });
}

/** Opens the connection to a command; the API server starts the command with it. */
export async function openConnection(
  target: ExecTarget,
  options: { argv: string[]; stdin: boolean; tty: boolean; protocols?: string[] },
) {
  try {
    return await target.socket(execPath(target, options), options.protocols ?? PROTOCOLS);
  } catch (error) {
    const isGone = error instanceof ApiFailure && error.status === 404 && /pods? ".*" not found/.test(error.message);
    if (isGone) throw new RuntimeFailure('PodLost', `pod ${target.pod} is gone: ${error.message}`);
    // A restarted kubelet may deny pods that exist, so that only a refusal of this client's own rights is final.
    if (error instanceof ApiFailure && error.status !== 403) {
      throw new RuntimeFailure('RuntimeUnavailable', `a command in pod ${target.pod} could not be started: ${error.message}`);
    }
    throw failureOf(error, `a command in pod ${target.pod}`);
  }
}

/** The command with its variables, set by `env`. */
export function withEnv({ argv, env = {} }: Command): string[] {
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? argv : ['env', ...pairs, ...argv];
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
