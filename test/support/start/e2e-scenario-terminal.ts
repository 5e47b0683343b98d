import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { until } from '../until';
import { LIFE_LIMIT_MS, type Life } from './e2e-scenario-options';

/** A person's terminal, from one size to another. */
export function liveAtATerminal(life: Life): void {
  test(
    'A terminal has the size of the person’s own, follows it, passes on keys, and ends with the shell’s exit code.',
    async () => {
      const terminal = openTerminal(life);
      terminal.type('echo "size: $(stty size)"');
      await terminal.untilSeen('size: 33 44');
      terminal.resize();
      terminal.type('until [ "$(stty size)" = "50 60" ]; do sleep 0.1; done; echo "it was re""sized"');
      await terminal.untilSeen('it was resized');
      terminal.type('echo "it is wait""ing"; sleep 4545');
      await terminal.untilSeen('it is waiting');
      terminal.press('\x03');
      await terminal.untilSeen('^C');
      terminal.type('exit 5');
      expect(await terminal.exitCode).toBe(5);
    },
    LIFE_LIMIT_MS,
  );
}

/** `perennial shell` on a terminal of 33 rows that `script` makes, which gets 50 rows at `resize`. */
function openTerminal({ folder, dir }: Life) {
  const resized = path.join(folder(), 'resized');
  const program = path.join(__dirname, '..', '..', '..', 'bin', 'perennial.mjs');
  const script = [
    'stty rows 33 cols 44',
    `(until [ -e ${resized} ]; do sleep 0.1; done; stty rows 50 cols 60 </dev/tty) &`,
    `exec ${process.execPath} ${program} shell ada/dev`,
  ].join('\n');
  const env = { ...process.env, PERENNIAL_DIR: dir(), TERM: 'xterm' };
  const child = spawn('script', ['-qec', script, '/dev/null'], { env });
  return {
    ...watchScreen(child),
    exitCode: once(child, 'exit').then(([code]) => code as number | null),
    press: (keys: string) => void child.stdin.write(keys),
    type: (line: string) => void child.stdin.write(`${line}\r`),
    resize: () => writeFileSync(resized, ''),
  };
}

function watchScreen(child: ChildProcessWithoutNullStreams) {
  let screen = '';
  child.stdout.on('data', (data: Buffer) => {
    screen += data.toString('utf8');
  });
  const untilSeen = async (text: string) => {
    try {
      await until(`the terminal shows ${text}`, async () => screen.includes(text));
    } catch (error) {
      throw new Error(`the terminal shows instead: ${JSON.stringify(screen)}`, { cause: error });
    }
  };
  return { untilSeen };
}
