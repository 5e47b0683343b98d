/** The command line and the gateway, with all that they answer kept for the search. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ROOT } from '../source-scans';
import type { Evidence } from './evidence';

interface CommandOptions {
  /** Standard input; without it there is none. */
  stdin?: string;
  env?: NodeJS.ProcessEnv;
  /** Whether the output is a terminal's or a token: it is not searched. */
  isRaw?: boolean;
}

/** Runs `perennial` to its end. */
export type CommandLine = (
  args: string[],
  options?: CommandOptions,
) => Promise<{ code: number | null; out: string; error: string }>;

/** A request to the gateway as the bearer of a token. */
export interface GatewayCall {
  token: string;
  /** `GET` by default. */
  method?: string;
  body?: string;
  headers?: Record<string, string>;
}

/** `ownEnv` says which stack is meant. */
export function createCommandLine(ownEnv: NodeJS.ProcessEnv, evidence: Evidence): CommandLine {
  const program = path.join(ROOT, 'bin', 'perennial.mjs');
  return (args, { stdin, env = {}, isRaw = false } = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...ownEnv, ...env } });
      const printed = { out: '', error: '' };
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        printed.out += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        printed.error += text;
      });
      child.once('error', reject);
      child.once('close', (code) => {
        const where = `perennial ${args.join(' ')}`;
        if (!isRaw) evidence.add('command line', `output of ${where}`, printed.out);
        evidence.add('command line', `errors of ${where}`, printed.error);
        resolve({ code, ...printed });
      });
      child.stdin.end(stdin ?? '');
    });
}

/** Resolves with the status of the answer. */
export async function askGateway(evidence: Evidence, url: string, call: GatewayCall): Promise<number> {
  const { token, method = 'GET', body, headers = {} } = call;
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    signal: AbortSignal.timeout(120_000),
    ...(body === undefined ? {} : { body }),
  });
  const text = JSON.stringify([...response.headers]) + (await response.text());
  evidence.add('gateway responses', `${method} ${url} (${response.status})`, text);
  return response.status;
}
