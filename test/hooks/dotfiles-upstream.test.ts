/** The clone is updated to the current settings, whatever happened to the repository, and no work of the user is lost. */
import { readlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createPersonalize, makeRepository, useDotfiles } from '../support/dotfiles-env';
import { SHELLS } from '../support/hook-env';

describe.each(SHELLS)('In %s', (shell) => {
  const dotfiles = useDotfiles(shell, { '.vimrc': 'set one\n' });
  const { bring, bringWithoutWarning, vimrc, git } = dotfiles;

  test('A default branch that was renamed is followed.', async () => {
    await bring();
    dotfiles.repository.git('branch', '-m', 'trunk');
    dotfiles.repository.commit({ '.vimrc': 'set trunk\n' });
    await bringWithoutWarning();
    expect([vimrc(), await git('branch', '--show-current')]).toEqual(['set trunk\n', 'trunk']);
  });

  test('An older git, which cannot ask for the name of the default branch, finds it all the same.', async () => {
    const program = path.join(dotfiles.pod.env.PATH ?? '', 'git');
    const real = readlinkSync(program);
    unlinkSync(program);
    writeFileSync(program, `#!/bin/sh\ncase " $* " in *" --symref "*) exit 129 ;; esac\nexec ${real} "$@"\n`, { mode: 0o755 });
    await bringWithoutWarning();
    dotfiles.repository.git('branch', '-m', 'trunk');
    dotfiles.repository.commit({ '.vimrc': 'set trunk\n' });
    await bringWithoutWarning();
    expect([vimrc(), await git('branch', '--show-current')]).toEqual(['set trunk\n', 'trunk']);
  });

  test('A repository that is on no branch is brought as it is, and one without any commit is a warning.', async () => {
    dotfiles.repository.git('checkout', '-q', '--detach');
    dotfiles.repository.commit({ '.vimrc': 'set detached\n' });
    await bringWithoutWarning();
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
    dotfiles.repository.git('branch', 'topic');
    dotfiles.repository.commit({ '.vimrc': 'set two\n' });
    await bringWithoutWarning('topic');
    expect(vimrc()).toBe('set one\n');
    await bringWithoutWarning();
    expect(vimrc()).toBe('set two\n');
  });

  test('A force-push is followed, also twice and after a cut-off fetch; commits that were upstream before are not the user’s.', async () => {
    await bring();
    for (const text of ['set other\n', 'set third\n']) {
      dotfiles.repository.git('checkout', '-q', '--orphan', 'fresh');
      dotfiles.repository.commit({ '.vimrc': text });
      dotfiles.repository.git('branch', '-M', 'fresh', 'main');
      await bringWithoutWarning();
      expect(vimrc()).toBe(text);
    }
    dotfiles.repository.git('commit', '-q', '--amend', '-m', 'other words');
    await git('fetch', '-q', 'origin');
    await bringWithoutWarning();
    expect(await git('rev-parse', 'HEAD')).toBe(dotfiles.repository.git('rev-parse', 'HEAD'));
  });

  test('A force-push that the user fetched before is followed too, also in a clone without recorded commits.', async () => {
    await bring();
    for (const forget of [false, true]) {
      dotfiles.repository.git('commit', '-q', '--amend', '-m', `other words ${forget}`);
      await git('fetch', '-q', 'origin');
      if (forget)
        for (const ref of (await git('for-each-ref', '--format=%(refname)', 'refs/perennial')).split('\n'))
          await git('update-ref', '-d', ref);
      if (forget) await git('config', '--unset', 'perennial.uri');
      await bringWithoutWarning();
      expect(await git('rev-parse', 'HEAD')).toBe(dotfiles.repository.git('rev-parse', 'HEAD'));
    }
  });

  test('Another URI changes a clone that we made, unless something in it is nowhere else.', async () => {
    const other = makeRepository();
    try {
      other.commit({ '.vimrc': 'set other\n' });
      await bring();
      await bringWithoutWarning(undefined, other.uri);
      expect([vimrc(), await git('config', 'remote.origin.url')]).toEqual(['set other\n', other.uri]);
      await bringWithoutWarning();
      dotfiles.pod.writeHome('dotfiles/.vimrc', 'set stashed\n');
      await git('stash', '-q');
      expect((await bring(undefined, other.uri)).warnings).toEqual([
        '~/dotfiles is a clone of another repository and has commits of its own, so it was left as it is',
      ]);
      expect([vimrc(), await git('config', 'remote.origin.url')]).toEqual(['set one\n', dotfiles.repository.uri]);
    } finally {
      other.remove();
    }
  });

  test('A clone that the user made of another repository is left alone.', async () => {
    const other = makeRepository();
    try {
      other.commit({ '.vimrc': 'set theirs\n' });
      await dotfiles.pod.exec({ argv: ['git', 'init', '-q', 'dotfiles'] });
      await git('remote', 'add', 'origin', other.uri);
      await git('pull', '-q', 'origin', 'main');
      expect((await bring()).warnings).toEqual([
        `~/dotfiles is there but not a clone of ${dotfiles.repository.uri}, so it was left as it is`,
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
    expect([vimrc(), await git('config', 'remote.origin.url')]).toEqual(['set one\n', dotfiles.repository.uri]);
    await bringWithoutWarning();
  });

  test.each(['größe', 'issue#7', 'a/b/c', '-x', '@home', 'v1+2', "it's"])(
    'A branch named "%s" can be asked for.',
    async (ref) => {
      dotfiles.repository.git('checkout', '-q', '-b', 'work');
      dotfiles.repository.commit({ '.vimrc': 'set named\n' });
      dotfiles.repository.git('update-ref', `refs/heads/${ref}`, 'HEAD');
      dotfiles.repository.git('checkout', '-q', 'main');
      dotfiles.repository.git('branch', '-q', '-D', 'work');
      for (const name of [ref, undefined, ref, `refs/heads/${ref}`]) {
        await bringWithoutWarning(name);
        expect(vimrc()).toBe(name === undefined ? 'set one\n' : 'set named\n');
      }
    },
  );

  test('Of a branch and a tag of one name the branch is meant; a full name means what it says.', async () => {
    dotfiles.repository.git('tag', 'both');
    dotfiles.repository.git('checkout', '-q', '-b', 'both');
    dotfiles.repository.commit({ '.vimrc': 'set branch\n' });
    dotfiles.repository.git('checkout', '-q', 'main');
    const seen = [];
    for (const ref of ['both', 'tags/both', 'refs/tags/both', 'heads/both']) {
      await bringWithoutWarning(ref);
      seen.push(vimrc());
    }
    expect(seen).toEqual(['set branch\n', 'set one\n', 'set one\n', 'set branch\n']);
  });

  test('The environment of the workspace does not steer git, and reaches the programs of the user.', async () => {
    await dotfiles.pod.exec({ argv: ['git', 'init', '-q', 'decoy'] });
    const decoy = path.join(dotfiles.pod.home, 'decoy');
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
    const inEnv = createPersonalize({ ...dotfiles.pod, exec: (command) => dotfiles.pod.exec({ ...command, env }) });
    dotfiles.repository.commit({ 'install.sh': '#!/bin/sh\necho "dir $GIT_DIR"\n' });
    for (const text of ['set one\n', 'set two\n']) {
      dotfiles.repository.commit({ '.vimrc': text });
      const { warnings, lastLines } = await inEnv({ uri: dotfiles.repository.uri });
      expect([warnings, lastLines.at(-1)]).toEqual([[], `dir ${decoy}/.git`]);
      expect(vimrc()).toBe(text);
    }
  });
});
