/** What of the dotfiles is linked into the home, and what becomes of the files that were there. */
import { existsSync, mkdirSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { createPersonalize, makeRepository, type Repository } from '../support/dotfiles-env';
import { makePlace, type Place, SHELLS } from '../support/hook-env';

const MOVED = 'what was in their way was moved aside, with .before-dotfiles behind its name';
const KEPT = 'these were there already, so the dotfiles of the same names were not linked';

describe.each(SHELLS)('In %s', (shell) => {
  let place: Place;
  let repository: Repository;
  let bring: () => ReturnType<ReturnType<typeof createPersonalize>>;
  beforeEach(() => {
    place = makePlace(shell);
    repository = makeRepository();
    const personalize = createPersonalize(place);
    bring = () => personalize({ uri: repository.uri });
  });
  afterEach(() => {
    place.remove();
    repository.remove();
  });
  const linkOf = (file: string) => readlinkSync(path.join(place.home, file));
  const isThere = (file: string) => existsSync(path.join(place.home, file));

  test('A file of the skeleton is moved aside once, and the message says so.', async () => {
    repository.commit({ '.bashrc': 'theirs', '.vimrc': 'theirs' });
    place.writeHome('.bashrc', 'skeleton');
    const result = await bring();
    expect(result).toMatchObject({ state: 'done', warnings: [] });
    expect(result.message).toContain(`2 of the dotfiles were linked into the home; ${MOVED}: ~/.bashrc`);
    expect([place.readHome('.bashrc'), place.readHome('.bashrc.before-dotfiles')]).toEqual(['theirs', 'skeleton']);
    expect((await bring()).message).not.toContain(MOVED);
  });

  test('What was moved aside is never written over.', async () => {
    repository.commit({ '.bashrc': 'theirs' });
    place.writeHome('.bashrc', 'skeleton');
    await bring();
    unlinkSync(path.join(place.home, '.bashrc'));
    place.writeHome('.bashrc', 'mine');
    expect((await bring()).warnings).toEqual([`${KEPT}: ~/.bashrc`]);
    expect([place.readHome('.bashrc'), place.readHome('.bashrc.before-dotfiles')]).toEqual(['mine', 'skeleton']);
  });

  test('Folders that both have are merged, at any depth; one that only the repository has is linked whole.', async () => {
    repository.commit({ '.config/app/a': 'theirs', '.config/app/sub/b': 'b', '.config/new/c': 'c', '.config/.d': 'd' });
    place.writeHome('.config/app/a', 'mine');
    place.writeHome('.config/app/own', 'own');
    const result = await bring();
    expect(result.message).toContain(`${MOVED}: ~/.config/app/a`);
    expect(['.config/app/a', '.config/app/sub', '.config/new', '.config/.d'].map(linkOf)).toEqual([
      '../../dotfiles/.config/app/a',
      '../../dotfiles/.config/app/sub',
      '../dotfiles/.config/new',
      '../dotfiles/.config/.d',
    ]);
    expect([place.readHome('.config/app/a.before-dotfiles'), place.readHome('.config/app/own')]).toEqual(['mine', 'own']);
    expect((await bring()).warnings).toEqual([]);
  });

  test("A link of the user is moved aside as it is, and a folder in a file's place stays, with a warning.", async () => {
    repository.commit({ '.config/a': 'a', '.file': 'theirs' });
    symlinkSync('elsewhere', path.join(place.home, '.config'));
    mkdirSync(path.join(place.home, '.file'));
    const result = await bring();
    expect(result.warnings).toEqual([`${KEPT}: ~/.file`]);
    expect(result.message).toContain(`${MOVED}: ~/.config`);
    expect([linkOf('.config'), linkOf('.config.before-dotfiles')]).toEqual(['dotfiles/.config', 'elsewhere']);
  });

  test('Files of git are not linked, and odd names are.', async () => {
    repository.commit({ '.gitignore': 'x', '.github/b': 'b', '..odd name': 'odd', '.a\nb': 'c', readme: '' });
    expect((await bring()).warnings).toEqual([]);
    expect([linkOf('..odd name'), linkOf('.a\nb')]).toEqual(['dotfiles/..odd name', 'dotfiles/.a\nb']);
    expect(['.git', '.gitignore', '.github', 'readme'].filter(isThere)).toEqual([]);
  });

  test('Links whose target is gone from the repository are removed; those of the user stay.', async () => {
    place.writeHome('.config/own', 'own');
    repository.commit({ '.old': 'x', '.kept': 'x', '.config/app': 'x', '.config/kept': 'x' });
    await bring();
    symlinkSync('dotfiles/.gone', path.join(place.home, '.mine'));
    symlinkSync('nowhere', path.join(place.home, '.config/mine'));
    repository.git('rm', '-q', '.old', '.config/app');
    repository.commit({});
    expect((await bring()).warnings).toEqual([]);
    const left = ['.old', '.kept', '.mine', '.config/app', '.config/kept', '.config/mine'].filter((file) => isLink(place, file));
    expect(left).toEqual(['.kept', '.mine', '.config/kept', '.config/mine']);
  });

  test('They are removed also when a ~/personalize takes the place of the links.', async () => {
    repository.commit({ '.old': 'x' });
    await bring();
    repository.git('rm', '-q', '.old');
    repository.commit({});
    place.writeHome('personalize', '#!/bin/sh\n', 0o755);
    await bring();
    expect(isLink(place, '.old')).toBe(false);
  });
});

function isLink(place: Place, file: string): boolean {
  try {
    return readlinkSync(path.join(place.home, file)) !== '';
  } catch {
    return false;
  }
}
