/** What of the user's work is in the clone is left as it is, and what a git that was cut off left there is none of it. */
import { createPersonalize, gitIn, makeRepository, type Repository } from '../support/dotfiles-env';
import { makePlace, type Place, SHELLS } from '../support/hook-env';

const OWN_COMMITS = (uri: string) => `~/dotfiles has commits that ${uri} does not have, so it was left as it is`;

describe.each(SHELLS)('In %s', (shell) => {
  let place: Place;
  let repository: Repository;
  let personalize: ReturnType<typeof createPersonalize>;
  beforeEach(() => {
    place = makePlace(shell);
    repository = makeRepository();
    repository.commit({ '.vimrc': 'set one\n' });
    personalize = createPersonalize(place);
  });
  afterEach(() => {
    place.remove();
    repository.remove();
  });
  const bring = (ref?: string, uri = repository.uri) => personalize(ref === undefined ? { uri } : { uri, ref });
  const vimrc = () => place.readHome('dotfiles/.vimrc');
  const git = (...args: string[]) => gitIn(place, args);
  const bringWell = async (...given: Parameters<typeof bring>) => expect((await bring(...given)).warnings).toEqual([]);

  test('Commits of the user are left where they are, with a warning, until the repository has them.', async () => {
    await bring();
    place.writeHome('dotfiles/.vimrc', 'set mine\n');
    await git('commit', '-qam', 'mine');
    const mine = await git('rev-parse', 'HEAD');
    repository.commit({ other: 'x' });
    for (const ref of [undefined, 'main']) expect((await bring(ref)).warnings).toEqual([OWN_COMMITS(repository.uri)]);
    expect(await git('rev-parse', 'HEAD')).toBe(mine);
    // As a rebase upstream has it: the same change, another commit.
    repository.commit({ '.vimrc': 'set mine\n' });
    await bringWell();
    expect(await git('rev-parse', 'HEAD')).toBe(repository.git('rev-parse', 'HEAD'));
  });

  test('Commits on another branch, a stash, and files that git does not know outlast an update.', async () => {
    repository.commit({ '.gitignore': 'ignored\n' });
    await bring();
    await git('checkout', '-qb', 'own');
    place.writeHome('dotfiles/own', 'own\n');
    await git('add', 'own');
    await git('commit', '-qm', 'own');
    await git('checkout', '-q', 'main');
    place.writeHome('dotfiles/.vimrc', 'set stashed\n');
    await git('stash', '-q');
    for (const name of ['untracked', 'ignored']) place.writeHome(`dotfiles/${name}`, name);
    repository.commit({ '.vimrc': 'set two\n' });
    await bringWell();
    expect([vimrc(), await git('show', 'own:own'), await git('show', 'stash@{0}:.vimrc')]).toEqual([
      'set two\n',
      'own',
      'set stashed',
    ]);
    repository.git('rm', '-q', '.gitignore');
    repository.commit({ ignored: 'theirs' });
    expect((await bring()).warnings).toEqual([expect.stringContaining('could not be moved forward')]);
    expect([place.readHome('dotfiles/untracked'), place.readHome('dotfiles/ignored')]).toEqual(['untracked', 'ignored']);
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
      place.writeHome(`dotfiles/.git/${name}`, '');
    repository.commit({ '.vimrc': 'set two\n' });
    await bringWell();
    expect(vimrc()).toBe('set two\n');
  });

  test('A checkout that was cut off is begun again; one in which the user wrote meanwhile is not.', async () => {
    repository.commit({ '.a': 'one', '.b': 'one', '.gone': 'one' });
    await bring();
    repository.git('rm', '-q', '.gone');
    const next = repository.commit({ '.a': 'two', '.b': 'two', '.new': 'two' });
    await git('fetch', '-q', 'origin');
    const cutOff = async () => {
      await git('update-ref', 'refs/perennial/moving', next);
      place.writeHome('dotfiles/.a', 'two');
      place.writeHome('dotfiles/.new', 'two');
      place.writeHome('dotfiles/.git/index.lock', '');
    };
    await cutOff();
    place.writeHome('dotfiles/.b', 'mine');
    expect((await bring()).warnings).toEqual(['~/dotfiles has local changes, so it was left as it is']);
    expect(place.readHome('dotfiles/.b')).toBe('mine');
    place.writeHome('dotfiles/.b', 'one');
    await cutOff();
    await bringWell();
    expect(['.a', '.b', '.new'].map((name) => place.readHome(`dotfiles/${name}`))).toEqual(['two', 'two', 'two']);
    expect(await git('status', '--porcelain')).toBe('');
  });
});
