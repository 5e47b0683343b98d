import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { build, type OnLoadArgs, type OnLoadResult } from 'esbuild';
import type { Isolation, SandboxEnv } from './sandbox-env';

const SOURCES = path.join(__dirname, '..', '..', '..', 'src');
let compiled = '';

/** Bundles the sandbox runtime and the command's streams once for a file of tests, so that each of many processes starts fast. */
export async function compileRuntimes(): Promise<void> {
  compiled = mkdtempSync(path.join(tmpdir(), 'perennial-compiled-'));
  await build({
    entryPoints: ['runtimes/sandbox/index.ts', 'cli/own-streams.ts'].map((name) => path.join(SOURCES, name)),
    outbase: SOURCES,
    outdir: compiled,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // Native; found by NODE_PATH, which `import` does not know.
    external: ['@lydell/node-pty'],
    supported: { 'dynamic-import': false },
    logLevel: 'error',
    plugins: [{ name: 'folders of modules', setup: ({ onLoad }) => onLoad({ filter: /\/src\/.*\.ts$/ }, loadSource) }],
  });
}

/** Modules read shell scripts from beside their sources. */
function loadSource({ path: file }: OnLoadArgs): OnLoadResult {
  const contents = `const __dirname = ${JSON.stringify(path.dirname(file))};\n${readFileSync(file, 'utf8')}`;
  return { contents, loader: 'ts', resolveDir: path.dirname(file) };
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
