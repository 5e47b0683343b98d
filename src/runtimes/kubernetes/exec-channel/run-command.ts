import { RuntimeFailure } from '../../failure';
import type { Command, CommandResult } from '../../runtime';
import { ApiFailure } from '../api/api-error';
import { failureOf } from '../api/runtime-failure';
import { type ExecTarget, execPath } from './channels';
import { createMarker, GO, markedCommand } from './end-marker';
import { type BinaryResult, openMarked } from './marked-connection';

/** Of each stream of a command. */
export const TAIL_BYTES = 256 * 1024;
const BINARY_BYTES = 2 * 1024 * 1024;
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

async function run(
  target: ExecTarget,
  options: { command: VerifiedCommand; keepBytes: number; signal: AbortSignal },
): Promise<BinaryResult> {
  const { command, keepBytes, signal } = options;
  signal.throwIfAborted();
  const marker = createMarker();
  const input = Buffer.from(command.stdin ?? '');
  const argv = markedCommand(marker, { argv: withEnv(command), stdinBytes: input.length });
  const connection = openMarked(target, await openConnection(target, { argv, stdin: true, tty: false }));
  const begin = async () => {
    await command.verifyTarget?.();
    return Buffer.concat([Buffer.from(GO), input]);
  };
  return connection.run({ marker, keepBytes, signal, begin }).finally(() => connection.close());
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
