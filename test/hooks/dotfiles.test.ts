import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createPersonalize, useDotfiles } from '../support/dotfiles-env';
import { makeTestPod, SHELLS, type TestPod } from '../support/hook-env';

describe.each(SHELLS)('In %s', (shell) => {
  const dotfiles = useDotfiles(shell, { '.vimrc': 'set one\n' });
  const { bring, vimrc, exists } = dotfiles;

  test('Dotfiles are cloned from a repository of another user and linked into the home.', async () => {
    const result = await bring();
    expect(result).toMatchObject({ state: 'done', warnings: [] });
    expect(result.message).toBe(
      `the dotfiles were cloned from ${dotfiles.repository.uri}; 1 of the dotfiles were linked into the home`,
    );
    expect(dotfiles.pod.readHome('.vimrc')).toBe('set one\n');
    expect(exists('.perennial/dotfiles.new')).toBe(false);
  });

  test('A second run brings what is new and leaves right links alone.', async () => {
    await bring();
    dotfiles.repository.commit({ '.vimrc': 'set two\n', '.inputrc': 'x\n' });
    const result = await bring();
    expect(result).toMatchObject({ state: 'done', warnings: [] });
    expect([dotfiles.pod.readHome('.vimrc'), dotfiles.pod.readHome('.inputrc')]).toEqual(['set two\n', 'x\n']);
  });

  test('A clone with local changes is left as it is, with a warning.', async () => {
    await bring();
    dotfiles.repository.commit({ '.vimrc': 'set two\n' });
    dotfiles.pod.writeHome('dotfiles/.vimrc', 'set mine\n');
    expect((await bring()).warnings).toEqual(['~/dotfiles has local changes, so it was left as it is']);
    expect(vimrc()).toBe('set mine\n');
  });

  test('A new file of the user is no local change, and one in the way of an update stays.', async () => {
    await bring();
    dotfiles.pod.writeHome('dotfiles/notes', 'mine');
    expect((await bring()).warnings).toEqual([]);
    dotfiles.repository.commit({ notes: 'theirs' });
    expect((await bring()).warnings).toEqual([expect.stringContaining('could not be moved forward')]);
    expect(dotfiles.pod.readHome('dotfiles/notes')).toBe('mine');
  });

  test('A folder of the user that is not a clone is left as it is, even in a home that is itself a dotfiles.repository.', async () => {
    dotfiles.pod.writeHome('dotfiles/.vimrc', 'set mine\n');
    await dotfiles.pod.exec({ argv: ['git', 'init', '-q', '.'] });
    expect((await bring()).warnings).toEqual(['~/dotfiles is there but not a git clone, so it was left as it is']);
    expect([vimrc(), exists('.vimrc')]).toEqual(['set mine\n', false]);
  });

  test('An empty folder is as good as none.', async () => {
    await dotfiles.pod.exec({ argv: ['mkdir', 'dotfiles'] });
    expect((await bring()).warnings).toEqual([]);
    expect(vimrc()).toBe('set one\n');
  });

  test('A clone of another repository is left as it is, and its address is not repeated.', async () => {
    await bring();
    await dotfiles.pod.exec({
      argv: ['git', '-C', 'dotfiles', 'remote', 'set-url', 'origin', 'https://ada:hunter2@example.org/x'],
    });
    expect((await bring()).warnings).toEqual([
      `~/dotfiles is there but not a clone of ${dotfiles.repository.uri}, so it was left as it is`,
    ]);
  });

  test('A branch, a tag, and a commit can be asked for, one after the other.', async () => {
    const first = dotfiles.repository.git('rev-parse', 'HEAD');
    dotfiles.repository.commit({ '.vimrc': 'set two\n' });
    dotfiles.repository.git('tag', '-a', 'v2', '-m', 'two');
    dotfiles.repository.git('checkout', '-q', '-b', 'topic/x');
    dotfiles.repository.commit({ '.vimrc': 'set three\n' });
    const seen = [];
    for (const ref of ['topic/x', 'v2', first, first.slice(0, 8), 'main', undefined]) {
      expect((await bring(ref)).warnings).toEqual([]);
      seen.push(vimrc());
    }
    expect(seen).toEqual(['set three\n', 'set two\n', 'set one\n', 'set one\n', 'set two\n', 'set three\n']);
  });

  test('After a tag, no ref means the default branch again; a branch follows its own.', async () => {
    dotfiles.repository.git('tag', 'v1');
    await bring('v1');
    dotfiles.repository.commit({ '.vimrc': 'set two\n' });
    await bring();
    expect(vimrc()).toBe('set two\n');
    dotfiles.repository.commit({ '.vimrc': 'set three\n' });
    expect((await bring('main')).warnings).toEqual([]);
    expect(vimrc()).toBe('set three\n');
  });

  test('A tag that was moved is followed.', async () => {
    dotfiles.repository.git('tag', 'v1');
    await bring('v1');
    dotfiles.repository.commit({ '.vimrc': 'set two\n' });
    dotfiles.repository.git('tag', '-f', 'v1');
    expect((await bring('v1')).warnings).toEqual([]);
    expect(vimrc()).toBe('set two\n');
  });

  test.each(['nowhere', '-b', '--upload-pack=touch ran', 'main:x', '../../HEAD', 'abcdef1'])(
    'The ref "%s" is a warning, makes no clone, and is never taken for an option.',
    async (ref) => {
      const expected = [`the dotfiles of ${dotfiles.repository.uri} have no branch, tag, or commit named ${ref}`];
      expect((await bring(ref)).warnings).toEqual(expected);
      expect([exists('dotfiles'), exists('ran')]).toEqual([false, false]);
      await bring();
      expect((await bring(ref)).warnings).toEqual(expected);
      expect(vimrc()).toBe('set one\n');
    },
  );

  test.each(['file:///no/such/repository', '--upload-pack=touch ran'])(
    'From "%s" nothing is cloned, and ~/personalize runs.',
    async (uri) => {
      dotfiles.pod.writeHome('personalize', '#!/bin/sh\necho personal\n', 0o755);
      const result = await bring(undefined, uri);
      expect(result.warnings).toEqual([expect.stringMatching(`^the dotfiles could not be cloned from ${uri}: fatal: `)]);
      expect(result.lastLines.at(-1)).toBe('personal');
      expect([exists('dotfiles'), exists('ran')]).toEqual([false, false]);
    },
  );

  test('When the repository is away, the clone that is there is still used.', async () => {
    await bring();
    dotfiles.repository.remove();
    dotfiles.pod.writeHome('dotfiles/install.sh', '#!/bin/sh\npwd\n', 0o755);
    const result = await bring();
    expect(result.warnings).toEqual([expect.stringMatching(/^the dotfiles could not be updated from /)]);
    expect(result.lastLines.at(-1)).toBe(path.join(dotfiles.pod.home, 'dotfiles'));
  });

  test('An install.sh that is executable is run instead of the links, and its exit code is a warning.', async () => {
    dotfiles.repository.commit({ 'install.sh': '#!/bin/sh\necho installing; exit 4\n' });
    const result = await bring();
    expect(result).toMatchObject({ warnings: ['~/dotfiles/install.sh ended with exit code 4'], state: 'warning' });
    expect([result.lastLines.at(-1), exists('.vimrc')]).toEqual(['installing', false]);
  });

  test('A ~/personalize runs instead of install.sh and of the links.', async () => {
    dotfiles.repository.commit({ 'install.sh': '#!/bin/sh\necho installing\n' });
    dotfiles.pod.writeHome('personalize', '#!/bin/sh\necho personal in $PWD; kill -HUP $$\n', 0o755);
    const result = await bring();
    expect(result.lastLines).toContain(`personal in ${dotfiles.pod.home}`);
    expect(result.lastLines).not.toContain('installing');
    expect(result.warnings).toEqual(['~/personalize was ended by SIGHUP (exit code 129)']);
    expect(exists('.vimrc')).toBe(false);
  });

  test('An address that names the same repository otherwise is the same.', async () => {
    await bring();
    const result = await bring(undefined, `${dotfiles.repository.uri}/`);
    expect(result.warnings).toEqual([]);
  });

  test('The settings of the user are in force.', async () => {
    dotfiles.pod.writeHome('.gitconfig', `[url "${dotfiles.repository.uri}"]\n\tinsteadOf = https://example.invalid/dots\n`);
    expect((await bring(undefined, 'https://example.invalid/dots')).warnings).toEqual([]);
    expect(vimrc()).toBe('set one\n');
  });

  test('What a clone that was cut off left behind is replaced.', async () => {
    dotfiles.pod.writeHome('.perennial/dotfiles.new/.git/HEAD', 'half');
    expect((await bring()).warnings).toEqual([]);
    expect(vimrc()).toBe('set one\n');
  });
});

describe.each(SHELLS)('Without dotfiles, in %s', (shell) => {
  let pod: TestPod;
  beforeEach(() => {
    pod = makeTestPod(shell, ['git']);
  });
  afterEach(() => pod.remove());

  test('An image without git is a warning, and ~/personalize runs.', async () => {
    pod.writeHome('personalize', '#!/bin/sh\necho personal\n', 0o755);
    const result = await createPersonalize(pod)({ uri: 'https://example.invalid/dots' });
    expect(result.warnings).toEqual(['the image has no git, so the dotfiles of https://example.invalid/dots were not fetched']);
    expect(result.lastLines).toEqual(['personal']);
  });

  test('With nothing there the step is skipped.', async () => {
    const message = 'no dotfiles are set and there is no ~/personalize';
    expect(await createPersonalize(pod)(null)).toEqual({ state: 'skipped', message, warnings: [], lastLines: [] });
  });

  test('A ~/personalize that is there is run.', async () => {
    pod.writeHome('personalize', 'echo personal\n', 0o755);
    const result = await createPersonalize(pod)(null);
    expect(result).toEqual({ state: 'done', message: '~/personalize ran', warnings: [], lastLines: ['personal'] });
    expect(readFileSync(path.join(pod.home, '.perennial/logs/build-1/personalize.log'), 'utf8')).toBe('personal\n');
  });

  test('A ~/personalize that is not executable is a warning.', async () => {
    pod.writeHome('personalize', 'echo personal\n');
    expect((await createPersonalize(pod)(null)).warnings).toEqual(['~/personalize is there but not executable']);
  });
});
