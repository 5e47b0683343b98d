import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { transformFileSync } from '@swc/core';
import { buildSync } from 'esbuild';
import type { Isolation, SandboxEnv } from './sandbox-env';

const SOURCES = path.join(__dirname, '..', '..', '..', 'src');
let compiled = '';

/** Compiles the runtimes, hooks, and the command's streams once for a file of tests, so that each of many processes starts fast. */
export function compileRuntimes(): void {
  compiled = mkdtempSync(path.join(tmpdir(), 'perennial-compiled-'));
  for (const room of ['hooks', 'runtimes'])
    for (const name of readdirSync(path.join(SOURCES, room), { recursive: true, encoding: 'utf8' }))
      compile(path.join(room, name));
  compile('cli/own-streams.ts');
  bundleZod();
}

/** Removes what was compiled. */
export const removeCompiled = (): void => rmSync(compiled, { recursive: true });

/** Does a verb in a process of its own and gives what it answered; null when that process killed itself. */
export async function runElsewhere(call: {
  sandbox: SandboxEnv;
  isolation: Isolation;
  verb: string;
  argument: unknown;
  crash?: number;
}): Promise<{ answer: unknown } | null> {
  const { sandbox, isolation, verb, argument, crash } = call;
  const child = spawn(
    process.execPath,
    [...verbCommand({ sandbox, isolation, verb, argument }), ...(crash === undefined ? [] : [String(crash)])],
    {
      env: { ...process.env, NODE_PATH: path.join(__dirname, '..', '..', '..', 'node_modules') },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  if (code === 1) throw new Error(`${verb} failed in a process of its own`);
  return code === 0 ? JSON.parse(said) : null;
}

/** The arguments with which `node` does a verb. */
export function verbCommand(call: { sandbox: SandboxEnv; isolation: Isolation; verb: string; argument: unknown }): string[] {
  const options = { dir: call.sandbox.dir, images: call.sandbox.imagesDir, isolation: call.isolation };
  return [path.join(__dirname, 'verb-child.cjs'), compiled, JSON.stringify(options), call.verb, JSON.stringify(call.argument)];
}

/** As one file: each process would find and read a hundred of them, which takes longer than what most of them do. */
function bundleZod(): void {
  const outfile = path.join(compiled, 'node_modules', 'zod', 'index.js');
  buildSync({ entryPoints: [require.resolve('zod')], bundle: true, platform: 'node', format: 'cjs', outfile, logLevel: 'error' });
}

/** Shell scripts are read from beside the compiled modules, and plain JavaScript is as it is. */
function compile(name: string): void {
  const target = path.join(compiled, name);
  mkdirSync(path.dirname(target), { recursive: true });
  if (/\.(?:sh|cjs)$/.test(name)) copyFileSync(path.join(SOURCES, name), target);
  if (!name.endsWith('.ts')) return;
  const jsc = { parser: { syntax: 'typescript' as const }, target: 'es2022' as const };
  const { code } = transformFileSync(path.join(SOURCES, name), { jsc, module: { type: 'commonjs' } });
  writeFileSync(target.replace(/\.ts$/, '.js'), code);
}
