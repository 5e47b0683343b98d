/** The completion scripts in real shells: bash everywhere, zsh and fish where they are installed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run } from '../../support/cli/command-line';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-completion-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const isInstalled = (shell: string) => spawnSync(shell, ['--version']).status === 0;

/** Each with a function that completes the last word of a command line, and prints what it offers. */
const SHELLS: Record<string, (script: string, words: string[]) => string> = {
  bash: (script, words) => `source ${script}
COMP_WORDS=(${words.map(quote).join(' ')}) COMP_CWORD=${words.length - 1}
_perennial
printf '%s\\n' "\${COMPREPLY[@]}"`,
  // The helpers of zsh that draw the menu are replaced; the script itself is what is tested.
  zsh: (script, words) => `compdef() { true }
_files() { print FILES }
_describe() { local name; for name in "\${(P)2[@]}"; do [[ \${name%%:*} == \${words[CURRENT]}* ]] && print -r -- \${name%%:*}; done }
source ${script}
words=(${words.map(quote).join(' ')}) CURRENT=${words.length}
_perennial`,
  fish: (script, words) => `source ${script}
complete -C ${quote(words.join(' '))} | string replace -r '\\t.*' ''`,
};
const INSTALLED = Object.keys(SHELLS).filter(isInstalled);

function quote(word: string): string {
  return `'${word}'`;
}

async function complete(shell: string, ...words: string[]): Promise<string[]> {
  const { code, out } = await run(['completion', shell]);
  expect(code).toBe(0);
  const file = path.join(folder, shell);
  writeFileSync(file, out);
  const text = SHELLS[shell]?.(file, ['perennial', ...words]) ?? '';
  const { stdout, stderr } = spawnSync(shell, ['-c', text], { encoding: 'utf8', cwd: folder });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

test('bash is among the shells in which the scripts are tested.', () => {
  expect(INSTALLED).toContain('bash');
});

describe.each(INSTALLED)('In %s', (shell) => {
  test('The first word is completed to the names of the commands.', async () => {
    expect((await complete(shell, 'st')).sort()).toEqual(['start', 'status', 'stop']);
    expect(await complete(shell, 'comp')).toEqual(['completion']);
  });

  test('A command of a group is completed, and the value of an option before it names no command.', async () => {
    expect((await complete(shell, '--dir', 'list', 'org', 's')).sort()).toEqual(['set', 'show', 'suspend']);
    expect(await complete(shell, 'orphans', 'p')).toEqual(['purge']);
  });

  test('The options of a command are completed, and so are the global options.', async () => {
    expect((await complete(shell, 'stop', 'ada/dev', '--')).sort()).toEqual(
      ['--address', '--by', '--dir', '--help', '--json', '--namespace', '--reason', '--wait'].sort(),
    );
    expect(await complete(shell, '--js')).toEqual(['--json']);
  });

  test('Values of a closed list are completed, for an option and for an argument.', async () => {
    expect((await complete(shell, 'logs', 'ada/dev', '--step', '')).sort()).toEqual(['configure', 'personalize']);
    expect(await complete(shell, 'completion', 'z')).toEqual(['zsh']);
  });

  test('A free value of an option is completed to no command and no option.', async () => {
    const offered = await complete(shell, 'org', '--dir', 's');
    expect(offered.filter((word) => ['set', 'show'].includes(word) || word.startsWith('-'))).toEqual([]);
  });
});

test('Another shell is wrong usage.', async () => {
  expect(await run(['completion', 'tcsh'])).toMatchObject({
    code: 2,
    error: expect.stringContaining('Allowed choices are bash, zsh, fish.'),
  });
});
