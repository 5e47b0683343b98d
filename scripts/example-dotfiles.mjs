/** `npm run dotfiles -- DIR`: makes an example dotfiles repository, and says how to use it. */
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

// The uid and gid of the starter images' user.
const CODER = 1000;

const FILES = {
  'README.md': `# Example dotfiles

Perennial clones this repository to ~/dotfiles at every build, or updates the clone, and then runs install.sh in it, if that
is executable. Without an install.sh it would link the dot-files of this folder into the home instead. A file ~/personalize
in the home itself, if it is executable, takes the place of both.
`,
  'install.sh': `#!/bin/sh
# Runs at every build, as the image's user. Links are made anew each time, so that a second run changes nothing.
set -eu
cd "$(dirname "$0")"
for file in .gitconfig .aliases; do
  ln -sfn "$PWD/$file" "$HOME/$file"
  echo "linked ~/$file"
done
line='[ ! -r ~/.aliases ] || . ~/.aliases'
if ! grep -qsxF "$line" "$HOME/.bashrc"; then
  echo "$line" >> "$HOME/.bashrc"
  echo "~/.bashrc: reads ~/.aliases from now on"
fi
`,
  '.aliases': `alias ll='ls -l'\nalias gs='git status --short'\n`,
  '.gitconfig': `[init]\n\tdefaultBranch = main\n[pull]\n\tff = only\n[alias]\n\tlast = log -1 --stat\n`,
};

const folder = process.argv[2];
if (folder === undefined || process.argv.length > 3 || folder.startsWith('-')) {
  fail(2, 'expected one folder that is new or empty: npm run dotfiles -- DIR');
}
const absolute = path.resolve(folder ?? '');
if (existsSync(absolute) && readdirSync(absolute).length > 0)
  fail(1, `${absolute} is not empty; give a folder that is new or empty`);
makeRepository(absolute);
console.log(`Made ${absolute}, a git repository with one commit. Use it for a new workspace, or for one there is:

  bin/perennial.mjs create you/dots --image starter:1 --dotfiles ${pathToFileURL(absolute)}
  bin/perennial.mjs configure you/first --dotfiles ${pathToFileURL(absolute)} && bin/perennial.mjs rebuild you/first

Edit install.sh, commit, and rebuild: the clone in ~/dotfiles is updated, and install.sh runs again.`);
const hindrance = findHindrance(absolute);
if (hindrance !== null)
  console.log(`\nA sandbox with a root of its own will not see it there: ${hindrance}. Move it, for example below /srv.`);

/**
 * Why coder, in a sandbox, cannot read the folder; null when it can.
 * @param {string} repository
 */
function findHindrance(repository) {
  if (['/tmp/', '/run/', '/dev/'].some((own) => `${repository}/`.startsWith(own)))
    return 'it has a /tmp, /run, and /dev of its own';
  if (statSync(repository).dev !== statSync('/').dev) return "it shows the machine's root file system only, and this is another";
  for (let folder = path.dirname(repository); folder !== '/'; folder = path.dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return `${folder} may not be entered by other users`;
  }
  return null;
}

/** @param {string} repository */
function makeRepository(repository) {
  mkdirSync(repository, { recursive: true });
  for (const [name, text] of Object.entries(FILES)) {
    writeFileSync(path.join(repository, name), text, { mode: name === 'install.sh' ? 0o755 : 0o644 });
  }
  git(repository, ['init', '--quiet', '--initial-branch=main']);
  git(repository, ['add', '--all']);
  // An author of its own, because a fresh machine has none set.
  const author = ['-c', 'user.name=Example', '-c', 'user.email=example@localhost', '-c', 'commit.gpgsign=false'];
  git(repository, [...author, 'commit', '--quiet', '-m', 'Start my dotfiles']);
  if (process.getuid?.() === 0) giveToCoder(repository);
}

/**
 * Git refuses to clone from a repository that belongs to another user, and in the workspace it is coder who clones.
 * @param {string} repository
 */
function giveToCoder(repository) {
  chownSync(repository, CODER, CODER);
  for (const name of readdirSync(repository, { recursive: true, encoding: 'utf8' }))
    chownSync(path.join(repository, name), CODER, CODER);
}

/**
 * @param {string} repository
 * @param {string[]} args
 */
function git(repository, args) {
  const { status, error } = spawnSync('git', args, { cwd: repository, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error || status !== 0) fail(1, `git ${args.join(' ')} failed: ${error?.message ?? `exit code ${status}`}`);
}

/**
 * @param {number} exitCode
 * @param {string} sentence
 * @returns {never}
 */
function fail(exitCode, sentence) {
  console.error(`dotfiles: ${sentence}`);
  process.exit(exitCode);
}
