/** A checkout and a DIR whose paths hold what a URL, a shell, a bundler, or a table of mounts would take for something else. */
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { connectClient } from '../../src/client';
import { endAllStarts, launchStart, readStack } from '../support/start/start-process';
import { until } from '../support/until';

const ROOT = path.join(__dirname, '..', '..');
const PARTS = ['bin', 'images', 'node_modules', 'package.json', 'package-lock.json', 'scripts', 'src', 'tsconfig.json'];
const ODD = 'a #b ?c=%20&d;e!f,g:h\'i "j é漢';
const LIMIT_MS = 600_000;

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'perennial-odd-')));
  // Homes are entered by the images' own users.
  chmodSync(folder, 0o755);
});
afterEach(async () => {
  await endAllStarts();
  rmSync(folder, { recursive: true, force: true });
}, LIMIT_MS);

test(
  'From such a checkout the stack starts, keeps all in DIR, and starts again with what was there; the command finds it.',
  async () => {
    const checkout = path.join(folder, ODD);
    mkdirSync(checkout);
    execFileSync('cp', ['-R', ...PARTS.map((name) => path.join(ROOT, name)), checkout]);
    const dir = path.join(checkout, 'DIR %23 #?');
    const start = () => launchStart({ script: path.join(checkout, 'scripts', 'start.mjs'), args: ['--dir', dir], cwd: checkout });

    const first = start();
    await first.untilSaid(/^ready /m);
    expect(first.output()).toMatch(/configure: done/);
    expect(existsSync(path.join(dir, 'temporal.db'))).toBe(true);
    expect(await list(checkout, dir)).toMatch(/^you\/first +running/m);
    expect(await first.end('SIGTERM')).toBe(0);

    const second = start();
    await second.untilSaid(/^ready /m);
    expect(second.output()).toMatch(/you\/first is there already/);
    const client = await connectClient({ address: readStack(dir).temporal.address });
    await until('it runs again', async () => (await client.workspace('you', 'first').status()).state === 'running').finally(
      client.close,
    );
    expect(await second.end('SIGTERM')).toBe(0);
    // Nothing was made beside them, under a part of their names.
    expect(readdirSync(folder)).toEqual([ODD]);
    expect(readdirSync(checkout).sort()).toEqual([...PARTS, 'DIR %23 #?', 'dist'].sort());
  },
  LIMIT_MS,
);

async function list(checkout: string, dir: string): Promise<string> {
  const program = path.join(checkout, 'bin', 'perennial.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program, 'list', '--dir', dir]);
  return stdout;
}
