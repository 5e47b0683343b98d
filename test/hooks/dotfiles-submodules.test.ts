/** Submodules of the dotfiles. Git's own command for them needs more programs than ours do. */
import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createPersonalize, makeRepository, type Repository } from '../support/dotfiles-env';
import { findProgram, makePlace, type Place, SHELLS } from '../support/hook-env';

describe.each(SHELLS)('In %s', (shell) => {
  let place: Place;
  let repository: Repository;
  let module: Repository;
  let bring: () => ReturnType<ReturnType<typeof createPersonalize>>;
  beforeEach(() => {
    place = makePlace(shell);
    repository = makeRepository();
    module = makeRepository();
    module.commit({ file: 'one' });
    repository.git('-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', module.uri, 'sub');
    repository.commit({});
    const personalize = createPersonalize(place);
    bring = () => personalize({ uri: repository.uri });
  });
  afterEach(() => {
    for (const each of [place, repository, module]) each.remove();
  });
  const file = () => place.readHome('dotfiles/sub/file');
  const addPrograms = () => {
    for (const name of ['sed', 'basename', 'uname'])
      symlinkSync(findProgram(name) ?? name, path.join(place.env.PATH ?? '', name));
  };
  const pin = (text: string) => {
    module.commit({ file: text });
    repository.git('-C', 'sub', 'pull', '-q');
    repository.commit({});
  };

  test('They are fetched and follow, unless they hold work of the user.', async () => {
    addPrograms();
    expect((await bring()).warnings).toEqual([]);
    expect(file()).toBe('one');
    pin('two');
    expect((await bring()).warnings).toEqual([]);
    expect(file()).toBe('two');
    writeFileSync(path.join(place.home, 'dotfiles/sub/file'), 'two, mine');
    pin('three');
    expect((await bring()).warnings).toEqual(['~/dotfiles has local changes, so it was left as it is']);
    expect(file()).toBe('two, mine');
    writeFileSync(path.join(place.home, 'dotfiles/sub/file'), 'two');
    expect((await bring()).warnings).toEqual([]);
    expect(file()).toBe('three');
  });

  test('One that moved to another address is fetched from there.', async () => {
    addPrograms();
    await bring();
    const elsewhere = makeRepository();
    try {
      elsewhere.commit({ file: 'elsewhere' });
      repository.git('config', '-f', '.gitmodules', 'submodule.sub.url', elsewhere.uri);
      repository.git('submodule', 'sync', '-q');
      repository.git('-C', 'sub', 'fetch', '-q');
      repository.git('-C', 'sub', 'checkout', '-q', elsewhere.git('rev-parse', 'HEAD'));
      repository.commit({});
      expect((await bring()).warnings).toEqual([]);
      expect(file()).toBe('elsewhere');
    } finally {
      elsewhere.remove();
    }
  });

  test('An image in which git cannot fetch them gives a warning, and the rest is brought up to date each time.', async () => {
    for (const text of ['one', 'two']) {
      repository.commit({ other: text });
      expect((await bring()).warnings).toEqual([
        expect.stringContaining('the submodules of the dotfiles could not be brought up to date'),
      ]);
      expect(place.readHome('dotfiles/other')).toBe(text);
    }
  });
});
