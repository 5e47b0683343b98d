/** The package as its users have it: packed into a tarball, and installed into an empty project. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../source-scans';

const run = promisify(execFile);

/** The package's types need those of Node. */
const NODE_TYPES = `@types/node@${readManifest().devDependencies['@types/node']}`;

export interface InstalledPackage {
  /** The project; `esm` and `cjs` in it are folders of the two kinds of modules. */
  project: string;
  /** The installed package. */
  folder: string;
  /** Writes a file of the project. */
  write(file: string, text: string): void;
  /** The compiler's errors about programs and the package's own types; compiles each program beside its source. */
  compile(files: string[], options: string[]): Promise<string[]>;
  /** Runs a program or a command of the project with Node, and answers its standard output; rejects with all that it printed. */
  node(args: string[], env?: NodeJS.ProcessEnv): Promise<string>;
  remove(): void;
}

/** Packs what is compiled, and compiles before that where the sources have changed. */
export async function installPackage(): Promise<InstalledPackage> {
  const base = mkdtempSync(path.join(tmpdir(), 'perennial-package-'));
  const project = path.join(base, 'project');
  const env = withoutNpmState(process.env);
  const prepare = "import('./scripts/prepare.mjs').then(({ prepare }) => prepare({ say: console.error }))";
  await run(process.execPath, ['-e', prepare], { cwd: ROOT });
  // Its scripts would bundle the workflows, which are not in the package.
  await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', base], { cwd: ROOT, env });
  mkdirSync(project);
  writeJson(path.join(project, 'package.json'), { name: 'project', version: '1.0.0' });
  const tarball = path.join(base, `perennial-${readManifest().version}.tgz`);
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball, NODE_TYPES], { cwd: project, env });
  for (const [kind, type] of [
    ['esm', 'module'],
    ['cjs', 'commonjs'],
  ] as const) {
    mkdirSync(path.join(project, kind));
    writeJson(path.join(project, kind, 'package.json'), { type });
  }
  return {
    project,
    folder: path.join(project, 'node_modules', 'perennial'),
    write: (file, text) => writeFileSync(path.join(project, file), text),
    compile: (files, options) => compile(project, [...options, ...files]),
    node: (args, more = {}) => runNode(args, { cwd: project, env: { ...env, ...more } }),
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}

/** Without what npm hands to its scripts about the project that it runs them for. */
function withoutNpmState(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^npm_(?:package|lifecycle|config_local_prefix|config_prefix)/.test(name)),
  );
}

async function runNode(args: string[], options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<string> {
  try {
    return (await run(process.execPath, args, options)).stdout;
  } catch (error) {
    const { message, stdout } = error as Error & { stdout: string };
    throw new Error(`${message}\n${stdout}`, { cause: error });
  }
}

/** Strict, with a check of declarations too. */
async function compile(cwd: string, args: string[]): Promise<string[]> {
  const compiler = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['--strict', '--exactOptionalPropertyTypes', '--target', 'es2022', '--types', 'node'];
  try {
    await run(process.execPath, [compiler, ...options, ...args], { cwd });
    return [];
  } catch (error) {
    const { stdout } = error as { stdout: string };
    // Declarations of other packages have errors of their own.
    return stdout.split('\n').filter((line) => line.includes(': error ') && !/^node_modules\/(?!perennial\/)/.test(line));
  }
}

/** The files of a package that one of them loads, or, of declarations, refers to, and the packages that they name. */
export function closureOf(entry: string, { extension }: { extension: '.js' | '.d.ts' }): { files: string[]; packages: string[] } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const follow = (file: string) => {
    if (files.has(file)) return;
    files.add(file);
    for (const name of importsOf(file)) {
      if (name.startsWith('.')) follow(resolve(file, name, [extension]) ?? name);
      else packages.add(name);
    }
  };
  follow(entry);
  return { files: [...files].sort(), packages: [...packages].sort() };
}

/** What the files of a package import by a path that leads to none of its files, as `file: path`. */
export function brokenImportsOf(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(?:m?js|d\.ts)$/.test(name));
  return files.flatMap((name) => {
    const file = path.join(folder, name);
    const extensions = name.endsWith('.d.ts') ? ['.d.ts'] : ['', '.js'];
    const broken = importsOf(file).filter(
      (imported) => /^\.\.?\//.test(imported) && resolve(file, imported, extensions) === null,
    );
    return broken.map((imported) => `${name}: ${imported}`);
  });
}

function importsOf(file: string): string[] {
  const statements = /(?:\brequire|\bimport)\(\s*["']([^"']+)["']\s*\)|\bfrom\s*["']([^"']+)["']/g;
  return [...readFileSync(file, 'utf8').matchAll(statements)].map(([, called, from]) => called ?? from ?? '');
}

function resolve(file: string, imported: string, extensions: string[]): string | null {
  const name = path.join(path.dirname(file), imported);
  const candidates = extensions.flatMap((extension) => [name + extension, path.join(name, `index${extension}`)]);
  return candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile()) ?? null;
}

function readManifest(): { version: string; devDependencies: Record<string, string> } {
  return JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, JSON.stringify(value));
}
