/** A checkout whose sources change while something of it runs, such as after `git pull`; with sources that compile in a moment. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { until } from '../support/until';

const ROOT = path.join(__dirname, '..', '..');
/** The worker's part in this is the real one, with all that it imports; the lock is that of the scripts. */
const REAL = [...withImports('runtimes/sandbox/process/note-running.ts'), 'runtimes/sandbox/lock/ticket-lock.cjs'];
const STAYS = "console.log('up');\nsetInterval(() => undefined, 1_000);\n";
const LIMIT_MS = 300_000;

let checkout: string;
const running = new Set<ChildProcess>();

beforeEach(() => {
  checkout = mkdtempSync(path.join(os.tmpdir(), 'perennial-checkout-'));
  for (const name of ['scripts', 'bin', 'package.json', 'package-lock.json', 'tsconfig.json'])
    cpSync(path.join(ROOT, name), path.join(checkout, name), { recursive: true });
  for (const name of REAL) cpSync(path.join(ROOT, 'src', name), path.join(checkout, 'src', name));
  makeDependencies();
  mkdirSync(path.join(checkout, 'src', 'cli'));
  write('start.ts', `${STAYS}export {};\n`);
  write('worker.ts', `import { noteRunning } from './runtimes/sandbox/process/note-running';\nnoteRunning(__dirname);\n${STAYS}`);
  sayVersion('one');
});
afterEach(async () => {
  for (const child of running) await kill(child);
  rmSync(checkout, { recursive: true });
});

/** What the compiler needs, in a folder of the checkout's own: an install through a link would empty what is linked. */
function makeDependencies(): void {
  const folder = path.join(checkout, 'node_modules');
  mkdirSync(folder);
  for (const name of ['typescript', '@typescript', '@types', 'undici-types', 'esbuild', '@esbuild'])
    symlinkSync(path.join(ROOT, 'node_modules', name), path.join(folder, name));
  const lock = readFileSync(path.join(checkout, 'package-lock.json'));
  writeFileSync(path.join(folder, '.perennial-lock-hash'), createHash('sha256').update(lock).digest('hex'));
}

/** A file of src and every one that it needs. */
function withImports(file: string, known = new Set<string>()): string[] {
  if (known.has(file)) return [];
  known.add(file);
  const text = readFileSync(path.join(ROOT, 'src', file), 'utf8');
  const imports = [...text.matchAll(/ from '(\.[^']+)'/g)].map(([, from = '']) => path.join(path.dirname(file), `${from}.ts`));
  return [file, ...imports.flatMap((each) => withImports(each, known))];
}

const write = (name: string, text: string) => writeFileSync(path.join(checkout, 'src', name), text);
const sayVersion = (version: string) => write('cli/index.ts', `console.log('version ${version}');\nexport {};\n`);
const compiled = () => readFileSync(path.join(checkout, 'dist', '.built'), 'utf8');

/** Runs a program of the checkout to its end. */
function run(...program: string[]): Promise<{ code: number; out: string; error: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, program, { cwd: checkout }, (_error, out, error) =>
      resolve({ code: child.exitCode ?? -1, out, error }),
    );
  });
}
const perennial = () => run('bin/perennial.mjs');

/** Runs one that stays, until it is up. */
async function launch(program: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program], { cwd: checkout, stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  let said = '';
  child.stdout.on('data', (text) => {
    said += text;
  });
  await until(`${program} is up`, () => said.includes('up\n'), { patienceMs: LIMIT_MS });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  running.delete(child);
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test(
  'While a start lives, the command uses what it was started from, and says so; nothing is installed or compiled.',
  async () => {
    const start = await launch('scripts/start.mjs');
    const before = compiled();
    sayVersion('two');
    writeFileSync(path.join(checkout, 'package-lock.json'), '{}');
    expect(await perennial()).toEqual({
      code: 0,
      out: 'version one\n',
      error: `perennial: the sources have changed; what process ${start.pid} of this checkout was started from is used until it ends\n`,
    });
    for (const script of ['start', 'worker', 'build'])
      expect(await run(`scripts/${script}.mjs`)).toEqual({
        code: 1,
        out: '',
        error: expect.stringContaining(
          `process ${start.pid}, a start or worker of this checkout, runs what was compiled; stop it`,
        ),
      });
    expect(compiled()).toBe(before);
  },
  LIMIT_MS,
);

test(
  'Once it has ended, however it did, the command compiles; several at once wait for the command that compiles.',
  async () => {
    const start = await launch('scripts/start.mjs');
    sayVersion('two');
    await kill(start);
    const ends = await Promise.all([perennial(), perennial(), perennial(), perennial()]);
    expect(ends.map(({ code, out }) => ({ code, out }))).toEqual(ends.map(() => ({ code: 0, out: 'version two\n' })));
    expect(ends.filter(({ error }) => error.includes('compiling src'))).toHaveLength(1);
  },
  LIMIT_MS,
);

test(
  'A worker that its start left behind counts, and so does a worker that was started alone.',
  async () => {
    await kill(await launch('scripts/start.mjs'));
    for (const program of ['dist/worker.js', 'scripts/worker.mjs']) {
      const worker = await launch(program);
      sayVersion(program);
      expect((await perennial()).error).toContain(`process ${worker.pid} of this checkout`);
      await kill(worker);
      expect(await perennial()).toMatchObject({ code: 0, out: `version ${program}\n` });
    }
    expect(readdirSync(path.join(checkout, 'dist', '.running'))).toEqual([]);
  },
  LIMIT_MS,
);

test(
  'A pid that was given to another process since holds nothing up.',
  async () => {
    await kill(await launch('scripts/start.mjs'));
    writeFileSync(path.join(checkout, 'dist', '.running', String(process.pid)), 'another boot/1');
    sayVersion('two');
    expect(await perennial()).toMatchObject({ code: 0, out: 'version two\n' });
  },
  LIMIT_MS,
);
