/** The clone is brought to what the settings say now, whatever happened to the repository, and nothing of the user's is lost. */
import path from 'node:path';
import { createPersonalize, makeRepository, type Repository } from './dotfiles-place';
import { makePlace, type Place, SHELLS } from './place';

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
  const git = async (...args: string[]) => {
    const name = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
    place.writeHome('safe', '[safe]\n\tdirectory = *\n');
    const env = { GIT_CONFIG_GLOBAL: path.join(place.home, 'safe') };
    const { exitCode, stdout, stderr } = await place.exec({ argv: ['git', '-C', 'dotfiles', ...name, ...args], env });
    expect({ args, exitCode, stderr }).toMatchObject({ exitCode: 0 });
    return stdout.trim();
  };
  const bringWell = async (...given: Parameters<typeof bring>) => expect((await bring(...given)).warnings).toEqual([]);

  test('A default branch that was renamed is followed.', async () => {
    await bring();
    repository.git('branch', '-m', 'trunk');
    repository.commit({ '.vimrc': 'set trunk\n' });
    await bringWell();
    expect([vimrc(), await git('branch', '--show-current')]).toEqual(['set trunk\n', 'trunk']);
  });

  test('A ref that was taken away again leads back to the default branch.', async () => {
    repository.git('branch', 'topic');
    repository.commit({ '.vimrc': 'set two\n' });
    await bringWell('topic');
    expect(vimrc()).toBe('set one\n');
    await bringWell();
    expect(vimrc()).toBe('set two\n');
  });

  test('A force-push is followed, also twice and after a cut-off fetch; commits that were upstream before are not the user’s.', async () => {
    await bring();
    for (const text of ['set other\n', 'set third\n']) {
      repository.git('checkout', '-q', '--orphan', 'fresh');
      repository.commit({ '.vimrc': text });
      repository.git('branch', '-M', 'fresh', 'main');
      await bringWell();
      expect(vimrc()).toBe(text);
    }
    repository.git('commit', '-q', '--amend', '-m', 'other words');
    await git('fetch', '-q', 'origin');
    await bringWell();
    expect(await git('rev-parse', 'HEAD')).toBe(repository.git('rev-parse', 'HEAD'));
  });

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

  test('Another URI changes a clone that we made, unless something in it is nowhere else.', async () => {
    const other = makeRepository();
    try {
      other.commit({ '.vimrc': 'set other\n' });
      await bring();
      await bringWell(undefined, other.uri);
      expect([vimrc(), await git('config', 'remote.origin.url')]).toEqual(['set other\n', other.uri]);
      await bringWell();
      place.writeHome('dotfiles/.vimrc', 'set stashed\n');
      await git('stash', '-q');
      expect((await bring(undefined, other.uri)).warnings).toEqual([
        '~/dotfiles is a clone of another repository and has commits of its own, so it was left as it is',
      ]);
      expect([vimrc(), await git('config', 'remote.origin.url')]).toEqual(['set one\n', repository.uri]);
    } finally {
      other.remove();
    }
  });

  test('A clone that the user made of another repository is left alone.', async () => {
    const other = makeRepository();
    try {
      other.commit({ '.vimrc': 'set theirs\n' });
      await place.exec({ argv: ['git', 'init', '-q', 'dotfiles'] });
      await git('remote', 'add', 'origin', other.uri);
      await git('pull', '-q', 'origin', 'main');
      expect((await bring()).warnings).toEqual([
        `~/dotfiles is there but not a clone of ${repository.uri}, so it was left as it is`,
      ]);
      expect(vimrc()).toBe('set theirs\n');
    } finally {
      other.remove();
    }
  });

  test('A repository that is away changes nothing, also where the URI is another.', async () => {
    await bring();
    const result = await bring(undefined, 'file:///no/such/repository');
    expect(result.warnings).toEqual([expect.stringMatching(/^the dotfiles could not be updated from file:\/\/\/no/)]);
    expect([vimrc(), await git('config', 'remote.origin.url')]).toEqual(['set one\n', repository.uri]);
    await bringWell();
  });

  test.each(['größe', 'issue#7', 'a/b/c', '-x', '@home', 'v1+2', "it's"])(
    'A branch named "%s" can be asked for.',
    async (ref) => {
      repository.git('checkout', '-q', '-b', 'work');
      repository.commit({ '.vimrc': 'set named\n' });
      repository.git('update-ref', `refs/heads/${ref}`, 'HEAD');
      repository.git('checkout', '-q', 'main');
      repository.git('branch', '-q', '-D', 'work');
      for (const name of [ref, undefined, ref, `refs/heads/${ref}`]) {
        await bringWell(name);
        expect(vimrc()).toBe(name === undefined ? 'set one\n' : 'set named\n');
      }
    },
  );

  test('Of a branch and a tag of one name the branch is meant; a full name means what it says.', async () => {
    repository.git('tag', 'both');
    repository.git('checkout', '-q', '-b', 'both');
    repository.commit({ '.vimrc': 'set branch\n' });
    repository.git('checkout', '-q', 'main');
    const seen = [];
    for (const ref of ['both', 'tags/both', 'refs/tags/both', 'heads/both']) {
      await bringWell(ref);
      seen.push(vimrc());
    }
    expect(seen).toEqual(['set branch\n', 'set one\n', 'set one\n', 'set branch\n']);
  });

  test('The environment of the workspace does not steer git, and reaches the programs of the user.', async () => {
    await place.exec({ argv: ['git', 'init', '-q', 'decoy'] });
    const decoy = path.join(place.home, 'decoy');
    const env = {
      GIT_DIR: `${decoy}/.git`,
      GIT_WORK_TREE: decoy,
      GIT_INDEX_FILE: `${decoy}/index`,
      GIT_OBJECT_DIRECTORY: `${decoy}/objects`,
      GIT_NAMESPACE: 'x',
      GIT_TEMPLATE_DIR: '/no/such',
      GIT_TRACE: '1',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.bare',
      GIT_CONFIG_VALUE_0: 'true',
    };
    const inEnv = createPersonalize({ ...place, exec: (command) => place.exec({ ...command, env }) });
    repository.commit({ 'install.sh': '#!/bin/sh\necho "dir $GIT_DIR"\n' });
    for (const text of ['set one\n', 'set two\n']) {
      repository.commit({ '.vimrc': text });
      const { warnings, lastLines } = await inEnv({ uri: repository.uri });
      expect([warnings, lastLines.at(-1)]).toEqual([[], `dir ${decoy}/.git`]);
      expect(vimrc()).toBe(text);
    }
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
