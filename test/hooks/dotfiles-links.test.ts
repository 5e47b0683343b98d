/** Which dotfiles are linked into the home, and what happens to the files that were there. */
import { mkdirSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { useDotfiles } from '../support/dotfiles-env';
import { SHELLS, type TestPod } from '../support/hook-env';

const MOVED = 'what was in their way was moved aside, with .before-dotfiles behind its name';
const KEPT = 'these were there already, so the dotfiles of the same names were not linked';

describe.each(SHELLS)('In %s', (shell) => {
  const dotfiles = useDotfiles(shell);
  const { bring, exists } = dotfiles;
  const linkOf = (file: string) => readlinkSync(path.join(dotfiles.pod.home, file));

  test('A file of the skeleton is moved aside once, and the message says so.', async () => {
    dotfiles.repository.commit({ '.bashrc': 'theirs', '.vimrc': 'theirs' });
    dotfiles.pod.writeHome('.bashrc', 'skeleton');
    const result = await bring();
    expect(result).toMatchObject({ state: 'done', warnings: [] });
    expect(result.message).toContain(`2 of the dotfiles were linked into the home; ${MOVED}: ~/.bashrc`);
    expect([dotfiles.pod.readHome('.bashrc'), dotfiles.pod.readHome('.bashrc.before-dotfiles')]).toEqual(['theirs', 'skeleton']);
    expect((await bring()).message).not.toContain(MOVED);
  });

  test('What was moved aside is never written over.', async () => {
    dotfiles.repository.commit({ '.bashrc': 'theirs' });
    dotfiles.pod.writeHome('.bashrc', 'skeleton');
    await bring();
    unlinkSync(path.join(dotfiles.pod.home, '.bashrc'));
    dotfiles.pod.writeHome('.bashrc', 'mine');
    expect((await bring()).warnings).toEqual([`${KEPT}: ~/.bashrc`]);
    expect([dotfiles.pod.readHome('.bashrc'), dotfiles.pod.readHome('.bashrc.before-dotfiles')]).toEqual(['mine', 'skeleton']);
  });

  test('Folders that both have are merged, at any depth; a folder that only the repository has is linked whole.', async () => {
    dotfiles.repository.commit({ '.config/app/a': 'theirs', '.config/app/sub/b': 'b', '.config/new/c': 'c', '.config/.d': 'd' });
    dotfiles.pod.writeHome('.config/app/a', 'mine');
    dotfiles.pod.writeHome('.config/app/own', 'own');
    const result = await bring();
    expect(result.message).toContain(`${MOVED}: ~/.config/app/a`);
    expect(['.config/app/a', '.config/app/sub', '.config/new', '.config/.d'].map(linkOf)).toEqual([
      '../../dotfiles/.config/app/a',
      '../../dotfiles/.config/app/sub',
      '../dotfiles/.config/new',
      '../dotfiles/.config/.d',
    ]);
    expect([dotfiles.pod.readHome('.config/app/a.before-dotfiles'), dotfiles.pod.readHome('.config/app/own')]).toEqual([
      'mine',
      'own',
    ]);
    expect((await bring()).warnings).toEqual([]);
  });

  test('A link of the user is moved aside as it is, and a folder with the name of a file stays, with a warning.', async () => {
    dotfiles.repository.commit({ '.config/a': 'a', '.file': 'theirs' });
    symlinkSync('elsewhere', path.join(dotfiles.pod.home, '.config'));
    mkdirSync(path.join(dotfiles.pod.home, '.file'));
    const result = await bring();
    expect(result.warnings).toEqual([`${KEPT}: ~/.file`]);
    expect(result.message).toContain(`${MOVED}: ~/.config`);
    expect([linkOf('.config'), linkOf('.config.before-dotfiles')]).toEqual(['dotfiles/.config', 'elsewhere']);
  });

  test('Files of git are not linked, and odd names are.', async () => {
    dotfiles.repository.commit({ '.gitignore': 'x', '.github/b': 'b', '..odd name': 'odd', '.a\nb': 'c', readme: '' });
    expect((await bring()).warnings).toEqual([]);
    expect([linkOf('..odd name'), linkOf('.a\nb')]).toEqual(['dotfiles/..odd name', 'dotfiles/.a\nb']);
    expect(['.git', '.gitignore', '.github', 'readme'].filter(exists)).toEqual([]);
  });

  test('Links whose target is gone from the repository are removed; those of the user stay.', async () => {
    dotfiles.pod.writeHome('.config/own', 'own');
    dotfiles.repository.commit({ '.old': 'x', '.kept': 'x', '.config/app': 'x', '.config/kept': 'x' });
    await bring();
    symlinkSync('dotfiles/.gone', path.join(dotfiles.pod.home, '.mine'));
    symlinkSync('nowhere', path.join(dotfiles.pod.home, '.config/mine'));
    dotfiles.repository.git('rm', '-q', '.old', '.config/app');
    dotfiles.repository.commit({});
    expect((await bring()).warnings).toEqual([]);
    const left = ['.old', '.kept', '.mine', '.config/app', '.config/kept', '.config/mine'].filter((file) =>
      isLink(dotfiles.pod, file),
    );
    expect(left).toEqual(['.kept', '.mine', '.config/kept', '.config/mine']);
  });

  test('They are removed also when a ~/personalize runs instead of the links.', async () => {
    dotfiles.repository.commit({ '.old': 'x' });
    await bring();
    dotfiles.repository.git('rm', '-q', '.old');
    dotfiles.repository.commit({});
    dotfiles.pod.writeHome('personalize', '#!/bin/sh\n', 0o755);
    await bring();
    expect(isLink(dotfiles.pod, '.old')).toBe(false);
  });
});

function isLink(pod: TestPod, file: string): boolean {
  try {
    return readlinkSync(path.join(pod.home, file)) !== '';
  } catch {
    return false;
  }
}
