/** The user's work in the clone is left as it is, and leftovers of an interrupted git do not count as work. */
import { useDotfiles } from '../support/dotfiles-env';
import { SHELLS } from '../support/hook-env';

const OWN_COMMITS = (uri: string) => `~/dotfiles has commits that ${uri} does not have, so it was left as it is`;

describe.each(SHELLS)('In %s', (shell) => {
  const dotfiles = useDotfiles(shell, { '.vimrc': 'set one\n' });
  const { bring, bringWithoutWarning, vimrc, git } = dotfiles;

  test('Commits of the user are left where they are, with a warning, until the repository has them.', async () => {
    await bring();
    dotfiles.pod.writeHome('dotfiles/.vimrc', 'set mine\n');
    await git('commit', '-qam', 'mine');
    const mine = await git('rev-parse', 'HEAD');
    dotfiles.repository.commit({ other: 'x' });
    for (const ref of [undefined, 'main']) expect((await bring(ref)).warnings).toEqual([OWN_COMMITS(dotfiles.repository.uri)]);
    expect(await git('rev-parse', 'HEAD')).toBe(mine);
    // As a rebase upstream has it: the same change, another commit.
    dotfiles.repository.commit({ '.vimrc': 'set mine\n' });
    await bringWithoutWarning();
    expect(await git('rev-parse', 'HEAD')).toBe(dotfiles.repository.git('rev-parse', 'HEAD'));
  });

  test('Commits on another branch, a stash, and files that git does not know outlast an update.', async () => {
    dotfiles.repository.commit({ '.gitignore': 'ignored\n' });
    await bring();
    await git('checkout', '-qb', 'own');
    dotfiles.pod.writeHome('dotfiles/own', 'own\n');
    await git('add', 'own');
    await git('commit', '-qm', 'own');
    await git('checkout', '-q', 'main');
    dotfiles.pod.writeHome('dotfiles/.vimrc', 'set stashed\n');
    await git('stash', '-q');
    for (const name of ['untracked', 'ignored']) dotfiles.pod.writeHome(`dotfiles/${name}`, name);
    dotfiles.repository.commit({ '.vimrc': 'set two\n' });
    await bringWithoutWarning();
    expect([vimrc(), await git('show', 'own:own'), await git('show', 'stash@{0}:.vimrc')]).toEqual([
      'set two\n',
      'own',
      'set stashed',
    ]);
    dotfiles.repository.git('rm', '-q', '.gitignore');
    dotfiles.repository.commit({ ignored: 'theirs' });
    expect((await bring()).warnings).toEqual([expect.stringContaining('could not be moved forward')]);
    expect([dotfiles.pod.readHome('dotfiles/untracked'), dotfiles.pod.readHome('dotfiles/ignored')]).toEqual([
      'untracked',
      'ignored',
    ]);
  });

  test('What a git that was killed left behind is no obstacle.', async () => {
    await bring();
    for (const name of [
      'index.lock',
      'HEAD.lock',
      'config.lock',
      'packed-refs.lock',
      'refs/heads/main.lock',
      'refs/remotes/origin/main.lock',
    ])
      dotfiles.pod.writeHome(`dotfiles/.git/${name}`, '');
    dotfiles.repository.commit({ '.vimrc': 'set two\n' });
    await bringWithoutWarning();
    expect(vimrc()).toBe('set two\n');
  });

  test('A checkout that was cut off is begun again; one in which the user wrote meanwhile is not.', async () => {
    dotfiles.repository.commit({ '.a': 'one', '.b': 'one', '.gone': 'one' });
    await bring();
    dotfiles.repository.git('rm', '-q', '.gone');
    const next = dotfiles.repository.commit({ '.a': 'two', '.b': 'two', '.new': 'two' });
    await git('fetch', '-q', 'origin');
    const cutOff = async () => {
      await git('update-ref', 'refs/perennial/moving', next);
      dotfiles.pod.writeHome('dotfiles/.a', 'two');
      dotfiles.pod.writeHome('dotfiles/.new', 'two');
      dotfiles.pod.writeHome('dotfiles/.git/index.lock', '');
    };
    await cutOff();
    dotfiles.pod.writeHome('dotfiles/.b', 'mine');
    expect((await bring()).warnings).toEqual(['~/dotfiles has local changes, so it was left as it is']);
    expect(dotfiles.pod.readHome('dotfiles/.b')).toBe('mine');
    dotfiles.pod.writeHome('dotfiles/.b', 'one');
    await cutOff();
    await bringWithoutWarning();
    expect(['.a', '.b', '.new'].map((name) => dotfiles.pod.readHome(`dotfiles/${name}`))).toEqual(['two', 'two', 'two']);
    expect(await git('status', '--porcelain')).toBe('');
  });
});
