/** The clone is brought to what the settings say now, whatever happened to the repository, and nothing of the user's is lost. */
import { readlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createPersonalize, gitIn, makeRepository, type Repository } from '../support/dotfiles-env';
import { makePlace, type Place, SHELLS } from '../support/hook-env';

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

  test('A default branch that was renamed is followed.', async () => {
    await bring();
    repository.git('branch', '-m', 'trunk');
    repository.commit({ '.vimrc': 'set trunk\n' });
    await bringWell();
    expect([vimrc(), await git('branch', '--show-current')]).toEqual(['set trunk\n', 'trunk']);
  });

  test('An older git, which cannot ask for the name of the default branch, finds it all the same.', async () => {
    const program = path.join(place.env.PATH ?? '', 'git');
    const real = readlinkSync(program);
    unlinkSync(program);
    writeFileSync(program, `#!/bin/sh\ncase " $* " in *" --symref "*) exit 129 ;; esac\nexec ${real} "$@"\n`, { mode: 0o755 });
    await bringWell();
    repository.git('branch', '-m', 'trunk');
    repository.commit({ '.vimrc': 'set trunk\n' });
    await bringWell();
    expect([vimrc(), await git('branch', '--show-current')]).toEqual(['set trunk\n', 'trunk']);
  });

  test('A repository that is on no branch is brought as it is, and one without any commit is a warning.', async () => {
    repository.git('checkout', '-q', '--detach');
    repository.commit({ '.vimrc': 'set detached\n' });
    await bringWell();
    expect(vimrc()).toBe('set detached\n');
    const empty = makeRepository();
    try {
      const warnings = [`the dotfiles of ${empty.uri} have no default branch`];
      expect((await bring(undefined, empty.uri)).warnings).toEqual(warnings);
      expect(vimrc()).toBe('set detached\n');
    } finally {
      empty.remove();
    }
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

  test('A force-push that somebody fetched before is followed too, also in a clone that has no notes of ours.', async () => {
    await bring();
    for (const forget of [false, true]) {
      repository.git('commit', '-q', '--amend', '-m', `other words ${forget}`);
      await git('fetch', '-q', 'origin');
      if (forget)
        for (const ref of (await git('for-each-ref', '--format=%(refname)', 'refs/perennial')).split('\n'))
          await git('update-ref', '-d', ref);
      if (forget) await git('config', '--unset', 'perennial.uri');
      await bringWell();
      expect(await git('rev-parse', 'HEAD')).toBe(repository.git('rev-parse', 'HEAD'));
    }
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
});
