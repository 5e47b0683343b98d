import type { Client, ConnectionOptions } from '@temporalio/client';
import type { PerennialClient } from '../client';
import type { GatewayAccess } from '../client/gateway/http';
import type { Runtime } from '../runtimes/runtime';
import type { ShellStreams } from '../runtimes/shell-request';
import type { SecretStore } from '../secrets/store';

/** Everything outside the process that the commands use; the entry makes the real one, tests make their own. */
export interface CliContext {
  settings: CliSettings;
  /** Temporal's standard variables and profile file; throws when the file cannot be read. */
  readTemporalConfig(): TemporalConfig | Promise<TemporalConfig>;
  connect(options: ConnectionOptions & { namespace: string }): Promise<PerennialClient>;
  openRuntime(where: { dir: string; images: string }): Runtime | Promise<Runtime>;
  /** Opens the cluster that the environment names; null when it names none. */
  openCluster: ((client: Client) => Promise<Runtime>) | null;
  /** The gateway that the environment names, with a token; null when it names none. */
  gateway: GatewayAccess | null;
  stores: SecretStores;
  /** What standard input has until its end; of a terminal one line, asked for with the question and without an echo. */
  readSecret(question: string): Promise<Buffer>;
  out: Output;
  /** The streams of this process, for a shell; asked for only where one is opened. */
  streams(): ShellStreams;
  /** Asks a person for yes or no; null where there is none to ask. */
  confirm: ((question: string) => Promise<boolean>) | null;
  now(): number;
  pause(durationMs: number): Promise<void>;
  /** Calls the listener at each Ctrl-C until the function it returns is called; without a listener Ctrl-C ends the process. */
  onInterrupt(listener: () => void): () => void;
  /** The same for a signal that ends the command. */
  onTermination(listener: () => void): () => void;
  /** Sets the exit code of a command that ends well. */
  exit(code: number): void;
}

/** The stores of secrets and keys. */
export interface SecretStores {
  /** Which one to use, whatever serves the namespace; null: that of the runtime. */
  setting: 'files' | 'kubernetes' | null;
  openFiles(folder: string): SecretStore | Promise<SecretStore>;
  /** Opens the store in the cluster that the environment names; null when it names none. */
  openCluster: ((installation: string) => Promise<SecretStore>) | null;
}

/** What the environment says. */
export interface CliSettings {
  dir: string;
  images: string;
  /** Who asks, unless `--by` says otherwise. */
  by: string | null;
}

/** Temporal's own settings; without an address they say nothing about where to go. */
export interface TemporalConfig {
  namespace?: string | undefined;
  connectionOptions: ConnectionOptions;
}

/** Where a command prints. */
export interface Output {
  write(text: string): void;
  writeError(text: string): void;
  /** The width of the terminal that standard output is; null when it is none. */
  columns(): number | null;
}
