/** Submodules of the dotfiles. Git's own command for them needs more programs than the hooks do. */
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeRepository, type Repository, useDotfiles } from '../support/dotfiles-env';
import { findProgram, SHELLS } from '../support/hook-env';

describe.each(SHELLS)('In %s', (shell) => {
  const dotfiles = useDotfiles(shell);
  const { bring } = dotfiles;
  let module: Repository;
  beforeEach(() => {
    module = makeRepository();
    module.commit({ file: 'one' });
    dotfiles.repository.git('-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', module.uri, 'sub');
    dotfiles.repository.commit({});
  });
  afterEach(() => module.remove());
  const file = () => dotfiles.pod.readHome('dotfiles/sub/file');
  const addPrograms = () => {
    for (const name of ['sed', 'basename', 'uname'])
      symlinkSync(findProgram(name) ?? name, path.join(dotfiles.pod.env.PATH ?? '', name));
  };
  const pin = (text: string) => {
    module.commit({ file: text });
    dotfiles.repository.git('-C', 'sub', 'pull', '-q');
    dotfiles.repository.commit({});
  };

  test('They are fetched and follow, unless they hold work of the user.', async () => {
    addPrograms();
    expect((await bring()).warnings).toEqual([]);
    expect(file()).toBe('one');
    pin('two');
    expect((await bring()).warnings).toEqual([]);
    expect(file()).toBe('two');
    writeFileSync(path.join(dotfiles.pod.home, 'dotfiles/sub/file'), 'two, mine');
    pin('three');
    expect((await bring()).warnings).toEqual(['~/dotfiles has local changes, so it was left as it is']);
    expect(file()).toBe('two, mine');
    writeFileSync(path.join(dotfiles.pod.home, 'dotfiles/sub/file'), 'two');
    expect((await bring()).warnings).toEqual([]);
    expect(file()).toBe('three');
  });

  test('A submodule that moved to another address is fetched from there.', async () => {
    addPrograms();
    await bring();
    const elsewhere = makeRepository();
    try {
      elsewhere.commit({ file: 'elsewhere' });
      dotfiles.repository.git('config', '-f', '.gitmodules', 'submodule.sub.url', elsewhere.uri);
      dotfiles.repository.git('submodule', 'sync', '-q');
      dotfiles.repository.git('-C', 'sub', 'fetch', '-q');
      dotfiles.repository.git('-C', 'sub', 'checkout', '-q', elsewhere.git('rev-parse', 'HEAD'));
      dotfiles.repository.commit({});
      expect((await bring()).warnings).toEqual([]);
      expect(file()).toBe('elsewhere');
    } finally {
      elsewhere.remove();
    }
  });

  test('An image in which git cannot fetch them gives a warning, and the rest is brought up to date each time.', async () => {
    for (const text of ['one', 'two']) {
      dotfiles.repository.commit({ other: text });
      expect((await bring()).warnings).toEqual([
        expect.stringContaining('the submodules of the dotfiles could not be brought up to date'),
      ]);
      expect(dotfiles.pod.readHome('dotfiles/other')).toBe(text);
    }
  });
});
