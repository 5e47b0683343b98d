/** A command for `exec`. */
export interface Command {
  /** The program and its arguments, found on the pod's PATH. Never a secret: arguments are visible to others. */
  argv: string[];
  /** Written to its standard input, which is then closed. */
  stdin?: string;
  /** Variables in addition to the pod's own. Never a secret. */
  env?: Record<string, string>;
}

/** The end of a command. */
export interface CommandResult {
  /** 0 to 255. */
  exitCode: number;
  /** At most the last 256 KiB. */
  stdout: string;
  /** At most the last 256 KiB. */
  stderr: string;
}

/** An open connection to a pod. */
export interface PodSession {
  /** As `Runtime.exec`, in the pod that the session was opened in. After a failure every further command fails. */
  exec(command: Command, signal: AbortSignal): Promise<CommandResult>;
  close(): void;
}
