import type { Command, CommandResult } from '../../runtime';
import type { ExecTarget } from './channels';
import { createSessionShell, fitsLine, SESSION_END } from './end-marker';
import { openMarked } from './marked-connection';
import { openConnection, runCommand, TAIL_BYTES, withEnv } from './run-command';

/** Commands in one container over one connection, one after another. */
export interface CommandSession {
  /** As `runCommand`. After a failure every further command fails, since the failed one may go on. */
  run(command: Command, signal: AbortSignal): Promise<CommandResult>;
  close(): void;
}

/**
 * Opens a connection and checks its pod, once: it stays with that container. Another command over it takes milliseconds, where a
 * connection of its own takes tens of them, on the node and on the API server.
 * @throws PodLost when the API server has no such pod; RuntimeUnavailable; what `verifyTarget` throws
 */
export async function openSession(target: ExecTarget, verifyTarget: () => Promise<void>): Promise<CommandSession> {
  const shell = createSessionShell();
  const socket = await openConnection(target, { argv: shell.argv, stdin: true, tty: false });
  const connection = openMarked(target, socket);
  try {
    await verifyTarget();
  } catch (error) {
    connection.close();
    throw error;
  }
  return {
    async run(command, signal) {
      const input = Buffer.from(command.stdin ?? '');
      const argv = withEnv(command);
      if (!fitsLine(argv)) return runCommand(target, { ...command, verifyTarget }, signal);
      const { exitCode, stdout, stderr } = await connection.run({
        keepBytes: TAIL_BYTES,
        signal,
        begin: (marker) => Buffer.concat([Buffer.from(shell.line(marker, { argv, stdinBytes: input.length })), input]),
      });
      return { exitCode, stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8') };
    },
    close: () => connection.close(SESSION_END),
  };
}
