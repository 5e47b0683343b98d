import path from 'node:path';
import type { Command } from 'commander';
import type { PerennialClient } from '../client';
import type { GatewayHttp } from '../client/gateway/http';
import { formatJson, toPlainText } from '../client/pages/plain-text';
import type { CliContext } from './context';
import { CliFailure } from './failure';
import { resolveTarget } from './input/target';

/** One command's connection and way to print. */
export interface Session extends Printer {
  client: PerennialClient;
  /** The gateway, where the command goes through it; null: it holds a connection to Temporal. */
  gateway: GatewayHttp | null;
  /** The folder of the embedded stack, absolute. */
  dir: string;
}

/** One command's way to print, which needs no connection. */
export interface Printer {
  context: CliContext;
  /** Whether `--json` was given. */
  json: boolean;
  /** Prints one of the two, each with a line end. */
  print(result: { json: unknown; text: string }): void;
  /** Prints a sentence that is no result, on standard error. */
  note(sentence: string): void;
  /** The user's name: the given one, else from the environment. */
  by(given: string | undefined): { by?: string };
}

/** What may stand before or after every command. */
export interface GlobalOptions {
  dir?: string;
  address?: string;
  namespace?: string;
  json?: true;
}

/** After this time without an answer the command prints the likely reason. */
const PATIENCE_MS = 8_000;

/**
 * Connects to where the options say, does the work, and disconnects. With `throughGateway` the command goes through the gateway that the
 * environment names, unless an option names another place.
 */
export async function inSession(
  { context, command, throughGateway = false }: { context: CliContext; command: Command; throughGateway?: boolean },
  work: (session: Session) => Promise<void>,
): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const dir = path.resolve(options.dir ?? context.settings.dir);
  const { address, namespace } = options;
  const printer = createPrinter(context, command);
  const isElsewhere = [options.dir, address, namespace].some((option) => option !== undefined);
  if (throughGateway && context.gateway !== null && !isElsewhere) {
    const { openGateway } = await import('./gateway/open.js');
    return work({ ...printer, by: ofToken, ...openGateway(context.gateway), dir });
  }
  const client = await connect(context, { address, namespace, dir });
  try {
    await work({ ...printer, client, gateway: null, dir });
  } finally {
    await client.close();
  }
}

function ofToken(given: string | undefined): { by?: string } {
  if (given === undefined) return {};
  throw new CliFailure('InvalidRequest', '--by: expected none, since the gateway (PERENNIAL_URL) takes it from the token');
}

/** Waits for the answer to an update or a query. A worker gives it, so after a long wait the note names a missing worker. */
export async function answerOf<T>(session: Session, request: Promise<T>): Promise<T> {
  const timer = setTimeout(() => session.note('no answer yet; does a worker run on this namespace?'), PATIENCE_MS);
  try {
    return await request;
  } finally {
    clearTimeout(timer);
  }
}

async function connect(
  context: CliContext,
  given: { address: string | undefined; namespace: string | undefined; dir: string },
): Promise<PerennialClient> {
  const target = resolveTarget({ ...given, config: await context.readTemporalConfig() });
  try {
    return await context.connect(target);
  } catch (error) {
    throw new CliFailure('Unavailable', error instanceof Error ? error.message : String(error));
  }
}

/** How a command prints. */
export function createPrinter(context: CliContext, command: Command): Printer {
  const json = command.optsWithGlobals<GlobalOptions>().json === true;
  return {
    context,
    json,
    print: (result) => context.out.write(`${json ? formatJson(result.json) : toPlainText(result.text)}\n`),
    note: (sentence) => context.out.writeError(`perennial: ${toPlainText(sentence)}\n`),
    by: (name) => {
      const by = name ?? context.settings.by;
      return by === null ? {} : { by };
    },
  };
}
