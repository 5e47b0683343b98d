import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { quote } from '../../../src/hooks/shell/quote';
import { LOGIN } from '../../../src/runtimes/kubernetes/login-script';

let home: string;
let tools: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'login-'));
  tools = path.join(home, 'tools');
  mkdirSync(tools);
  writeFileSync(path.join(tools, 'tool-of-the-image'), '#!/bin/sh\necho it runs\n');
  chmodSync(path.join(tools, 'tool-of-the-image'), 0o755);
  writeFileSync(path.join(home, '.profile'), 'PATH="$HOME/own:$PATH"; export FROM_PROFILE=read; alias kept="echo an alias"\n');
});
afterEach(() => rmSync(home, { recursive: true }));

/** What the shell says to what is typed, in a terminal or through a pipe. */
function logIn(shell: string, typed: string, { terminal = true } = {}): string {
  const env = {
    HOME: home,
    SHELL: terminal ? '/bin/sh' : shell,
    PATH: `${tools}:/usr/bin:/bin`,
    TERM: 'dumb',
    TMPDIR: home,
    LC_ALL: 'C',
  };
  const command = LOGIN.map(quote).join(' ');
  const [program = '', ...args] = terminal ? ['script', '-qec', `SHELL='${shell}' exec ${command}`, '/dev/null'] : LOGIN;
  const { stdout } = spawnSync(program, args, { env, input: `${typed}\nexit\n`, encoding: 'utf8', timeout: 20_000 });
  return stdout;
}

const SAY_PATH = 'echo "<$PATH>"';
const pathIn = (said: string) => /<([^$<>]*)>/.exec(said)?.[1]?.split(':') ?? [];

describe.each([
  ['a terminal', true],
  ['a pipe', false],
])('Without a command, through %s,', (_, terminal) => {
  test.each(['/bin/bash', '/bin/sh', '/bin/dash'])(
    '%s keeps the image’s PATH behind the user’s own, whatever /etc/profile sets.',
    (shell) => {
      const said = pathIn(logIn(shell, SAY_PATH, { terminal }));
      expect(said.slice(0, 4)).toEqual([path.join(home, 'own'), tools, '/usr/bin', '/bin']);
      expect(said.length).toBeGreaterThan(4);
      expect(logIn(shell, 'tool-of-the-image', { terminal })).toContain('it runs');
      expect(logIn(shell, 'echo "<$FROM_PROFILE>"', { terminal })).toContain('<read>');
    },
  );

  test.each(['/usr/sbin/nologin', '/bin/false', '/bin/not-there', ''])('a shell %j gives sh.', (shell) => {
    const said = logIn(shell, 'echo "<$SHELL>"', { terminal });
    expect(pathIn(said)[0]).toMatch(/\/sh$/);
  });
});

test('A terminal has what the profile set for its shell alone.', () => {
  expect(logIn('/bin/bash', 'kept')).toContain('an alias');
  expect(logIn('/bin/bash', 'case $- in *i*) echo "<yes>" ;; esac')).toContain('<yes>');
});
