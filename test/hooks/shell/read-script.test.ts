import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readScript } from '../../../src/hooks/shell/read-script';
import { findProgram, SHELLS } from '../../support/hook-env';

const SRC = path.join(__dirname, '..', '..', '..', 'src');
const FOLDERS = ['hooks', 'runtimes/sandbox', 'runtimes/kubernetes'].map((room) => path.join(SRC, room, 'scripts'));
const SCRIPTS = FOLDERS.flatMap((folder) => readdirSync(folder).map((name) => path.join(folder, name)));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'read-script-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);

test('A script that includes files means the same as one text as it does in its folder.', () => {
  write('main.sh', '#!/bin/sh\n. ./greet.sh\nINNER=$(cat ./inner.sh)\n# a comment\ngreet "$1"\neval "$INNER"\n');
  write('greet.sh', '#!/bin/sh\n. ./name.sh\ngreet() {\n  # a comment\n  echo "$name greets $1"\n}\n');
  write('name.sh', "#!/bin/sh\nname=Ada's\n".replace("Ada's", '"Ada\'s"'));
  write('inner.sh', '#!/bin/sh\n. ./name.sh\necho \'a # in a word\' "$name"\n');
  const whole = readScript(folder, 'main.sh');
  expect(whole).not.toMatch(/comment|cat|^\. /m);
  const inFolder = spawnSync('sh', ['./main.sh', 'you'], { cwd: folder, encoding: 'utf8' });
  expect(inFolder.stdout).toBe("Ada's greets you\na # in a word Ada's\n");
  expect(spawnSync('sh', ['-c', whole, 'sh', 'you'], { cwd: '/', encoding: 'utf8' })).toMatchObject({ stdout: inFolder.stdout });
});

test('A file that is missing is an error that names it.', () => {
  write('main.sh', '. ./missing.sh\n');
  expect(() => readScript(folder, 'main.sh')).toThrow(path.join(folder, 'missing.sh'));
});

test.each(['  . ./name.sh\n', 'echo "$(cat ./name.sh)"\n'])('The include %j in another form is an error.', (line) => {
  write('main.sh', line);
  write('name.sh', 'name=ada\n');
  expect(() => readScript(folder, 'main.sh')).toThrow('expected an include on a line of its own');
});

test.each(SHELLS)('%s can parse every script.', (shell) => {
  expect(SCRIPTS.length).toBeGreaterThan(30);
  const [program = '', ...args] = shell === 'busybox' ? ['busybox', 'sh'] : [findProgram(shell) ?? shell];
  const faults = SCRIPTS.map((file) => ({
    file,
    ...spawnSync(program, [...args, '-n'], { input: readScript(file), encoding: 'utf8' }),
  }))
    .filter(({ status }) => status !== 0)
    .map(({ file, stderr }) => `${path.basename(file)}: ${stderr}`);
  expect(faults).toEqual([]);
});
