import type { Exec } from '../../src/hooks/hook';
import { runHook } from '../../src/hooks/run-hook';
import { progressOf, specOf } from '../support/hook-env';

const ENDED = 'state ended\nexit 0\nran 12\nreport did: it ran\noutput 8\none\ntwo\n';

test('An answer that was cut off is asked for again.', async () => {
  const exec = execOf(['', 'state ended\n', ENDED]);
  expect(await runHook(exec, specOf(), progressOf())).toEqual({
    state: 'done',
    message: 'it ran',
    warnings: [],
    lastLines: ['one', 'two'],
  });
});

test('An image whose shell cannot answer gives a warning that says what came.', async () => {
  const exec: Exec = async () => ({ exitCode: 127, stdout: '', stderr: 'exec: "sh": not found\n' });
  const result = await runHook(exec, specOf(), progressOf());
  expect(result.warnings).toEqual(['configure could not be run: sh ended with exit code 127: exec: "sh": not found']);
});

test('A runner that never begins gives a warning with what it complained about.', async () => {
  const exec = execOf(['state starting\nreason ln: no links here\n']);
  const progress = progressOf();
  const result = await runHook(exec, specOf(), progress);
  expect(result.warnings).toEqual(['configure did not begin: ln: no links here']);
  expect(progress.sentences).toContain('configure to begin: ln: no links here');
});

test('What exec rejects with, such as a lost pod, is passed on.', async () => {
  const lost = new Error('the pod is gone');
  await expect(runHook(() => Promise.reject(lost), specOf(), progressOf())).rejects.toBe(lost);
});

test('The arguments are parameters only, and never empty.', async () => {
  const seen: string[][] = [];
  const exec: Exec = async ({ argv }) => {
    seen.push(argv);
    return { exitCode: 0, stdout: ENDED, stderr: '' };
  };
  await runHook(exec, specOf({ step: 'personalize', dotfiles: { uri: 'git@example.org:ada/dots' } }), progressOf());
  expect(seen).toEqual([['sh', '-s', '--', 'personalize', '1', '6000', '200', 'new', 'uri=git@example.org:ada/dots', 'ref=']]);
});

test('A poll waits for 2 s in the pod at first, and longer with the run, up to 15 s; later polls say that the hook had begun.', async () => {
  const seen: string[][] = [];
  const ages = [0, 100, 3_000, 8_000, 60_000];
  const exec: Exec = async ({ argv }) => {
    seen.push(argv.slice(6, 8));
    const ran = ages[seen.length - 1];
    return { exitCode: 0, stdout: ran === undefined ? ENDED : `state running\nran ${ran}\n`, stderr: '' };
  };
  await runHook(exec, specOf({ timeoutMs: 3_600_000 }), progressOf());
  const known = ['200', '200', '300', '800', '1500'].map((wait) => [wait, 'known']);
  expect(seen).toEqual([['200', 'new'], ...known]);
});

test.each([
  [600_000, '10m'],
  [5_400_000, '1h30m'],
  [90_061_001, '1d1h1m1s1ms'],
])('A limit of %d ms is named as %s.', async (timeoutMs, name) => {
  const exec = execOf(['state ended\nexit 143\nreport limit\noutput 0\n']);
  const result = await runHook(exec, specOf({ timeoutMs }), progressOf());
  expect(result.message).toBe(`configure ran past its time limit of ${name} and was ended`);
});

/** Gives these answers one after the other, and then the last one again. */
function execOf(answers: string[]): Exec {
  let index = -1;
  return async () => {
    index = Math.min(index + 1, answers.length - 1);
    return { exitCode: 0, stdout: answers[index] ?? '', stderr: '' };
  };
}
