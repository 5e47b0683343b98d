/** The lock under which a checkout is prepared, taken by real processes. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const LOCK = pathToFileURL(path.join(__dirname, '..', '..', 'scripts', 'lock.mjs')).href;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A process that takes the lock, notes its beginning and its end in a file, and is given up after a while. */
function takeLock({ holdMs = 0, limitMs = 90_000 } = {}): Promise<string> {
  const script = `
    import { appendFileSync } from 'node:fs';
    import { withLock } from ${JSON.stringify(LOCK)};
    const note = (text) => appendFileSync(${JSON.stringify(path.join(folder, 'notes'))}, text);
    await withLock(${JSON.stringify(path.join(folder, 'lock'))}, () => {}, async () => {
      note('(');
      await new Promise((resolve) => setTimeout(resolve, ${holdMs}));
      note(')');
    });
    console.log('done');`;
  return new Promise((resolve) => {
    execFile(process.execPath, ['--input-type=module', '-e', script], { timeout: limitMs }, (_error, out) => resolve(out.trim()));
  });
}

/** What one that was killed has left, as it is written now, with another holder in the place of its own. */
async function leaveTicket(change: (ticket: string) => string): Promise<void> {
  const script = `
    import { withLock } from ${JSON.stringify(LOCK)};
    await withLock(${JSON.stringify(path.join(folder, 'lock'))}, () => {}, () => process.kill(process.pid, 'SIGKILL'));`;
  await new Promise<void>((resolve) => {
    execFile(process.execPath, ['--input-type=module', '-e', script], () => resolve());
  });
  const ticket = path.join(folder, 'lock', '1');
  writeFileSync(ticket, change(readFileSync(ticket, 'utf8')));
}

test('Of several at once only one has it.', async () => {
  expect(await Promise.all([1, 2, 3].map(() => takeLock({ holdMs: 200 })))).toEqual(['done', 'done', 'done']);
  expect(readFileSync(path.join(folder, 'notes'), 'utf8')).toBe('()()()');
});

test('A killed holder blocks no other process, also when its pid has become that of another process.', async () => {
  await leaveTicket((ticket) => ticket.replace(/\d+/, String(process.pid)));
  expect(await takeLock({ limitMs: 30_000 })).toBe('done');
});

test('A ticket that a power cut has emptied blocks no process.', async () => {
  await leaveTicket(() => '');
  expect(await takeLock({ limitMs: 30_000 })).toBe('done');
});
