import path from 'node:path';
import { parseArgs } from 'node:util';
import { StartRefusal } from './start-refusal';

/** What `npm start` was asked for; folders are absolute, and port 0 means any free one. */
export interface StartOptions {
  dir: string;
  images: string;
  temporalPort: number;
  uiPort: number;
  gatewayPort: number;
  runtime: 'sandbox' | 'kubernetes';
  makesFirst: boolean;
}

export const USAGE = `Usage: npm start -- [options]

Starts a Temporal server with its Web UI, a worker, and the HTTP gateway on this machine, and makes a first workspace, you/first.

  --dir DIR            where everything is kept: homes, histories, logs (default: PERENNIAL_DIR, else .perennial)
  --images DIR         the folder of the images, DIR/<name>/<tag>/ (default: images)
  --temporal-port N    port of the Temporal server, 0 for any free one (default: 7233)
  --ui-port N          port of the Web UI, 0 for any free one (default: 8233)
  --gateway-port N     port of the HTTP gateway, 0 for any free one (default: 0)
  --runtime NAME       where workspaces run: sandbox (default), or kubernetes, on the cluster of KUBECONFIG
  --no-first           make no first workspace
  --help               show this
`;

/** Reads the command line; null when it asks for help. Throws a refusal that names the option, what was expected, and what came. */
export function parseStartOptions(args: string[], fallback: { dir: string; images: string }): StartOptions | null {
  const values = readValues(args);
  if (values.help) return null;
  return {
    dir: folder({ option: '--dir', value: values.dir ?? fallback.dir }),
    images: folder({ option: '--images', value: values.images ?? fallback.images }),
    temporalPort: port({ option: '--temporal-port', value: values['temporal-port'] ?? '7233' }),
    uiPort: port({ option: '--ui-port', value: values['ui-port'] ?? '8233' }),
    gatewayPort: port({ option: '--gateway-port', value: values['gateway-port'] ?? '0' }),
    runtime: runtime(values.runtime ?? 'sandbox'),
    makesFirst: !values['no-first'],
  };
}

function readValues(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const names = { dir: text, images: text, 'temporal-port': text, 'ui-port': text, 'gateway-port': text, runtime: text };
    return parseArgs({ args, options: { ...names, 'no-first': flag, help: { ...flag, short: 'h' } } }).values;
  } catch (error) {
    throw new StartRefusal(`${error instanceof Error ? error.message : String(error)} (--help lists the options)`, 2, {
      cause: error,
    });
  }
}

function folder({ option, value }: { option: string; value: string }): string {
  if (value.trim() === '') throw new StartRefusal(`${option}: expected a folder, got an empty text`, 2);
  return path.resolve(value);
}

function port({ option, value }: { option: string; value: string }): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) {
    throw new StartRefusal(`${option}: expected a port from 0 to 65535, got "${value}"`, 2);
  }
  return Number(value);
}

function runtime(value: string): StartOptions['runtime'] {
  if (value === 'sandbox' || value === 'kubernetes') return value;
  throw new StartRefusal(`--runtime: expected sandbox or kubernetes, got "${value}"`, 2);
}
