/** Known values in what a run of a hook reports and returns, from a poll's answer to the step's result. */
import { runHook } from '../../src/hooks/run-hook';
import { makeTestPod, progressOf, SHELLS, specOf } from '../support/hook-env';

const VALUE = 'correct horse\tbattery staple 4711';

/** Answers each poll with the next text, and the last one again and again. */
function execOf(...answers: string[]) {
  let polls = 0;
  return async () => ({ exitCode: 0, stdout: answers[Math.min(polls++, answers.length - 1)] ?? '', stderr: '' });
}

const run = (...answers: string[]) => {
  const sentences: string[] = [];
  const progress = { ...progressOf(), waitingFor: (sentence: string) => void sentences.push(sentence) };
  return runHook(execOf(...answers), specOf({ step: 'personalize' }), progress, [VALUE]).then((result) => ({
    result,
    sentences,
  }));
};

test('A known value is hidden in warnings, messages, last lines, and what a run waits for.', async () => {
  const encoded = Buffer.from(`user:${VALUE}`).toString('base64');
  const facts = `report warning: no ${VALUE} here\nreport moved: ${encodeURIComponent(VALUE)} away\n`;
  const { result, sentences } = await run(
    `state running\nran 100\noutput 10\nAuthorization: Basic ${encoded}\n`,
    `state starting\nreason cannot write ${VALUE}\n`,
    `state ended\nexit 0\n${facts}output 100\nthe value is ${VALUE}\n`,
  );
  expect(result).toEqual({
    state: 'warning',
    message: 'no *** here; *** away',
    warnings: ['no *** here'],
    lastLines: ['the value is ***'],
  });
  expect(sentences[1]).toMatch(/its last line is: Authorization: Basic dXNlcj\*{3}$/);
  expect(sentences[2]).toBe('personalize to begin: cannot write ***');
});

test('A value that colours are written into is hidden once they are removed.', async () => {
  const coloured = 'progress\rcorrect horse\tbattery staple 4\u001b[1m711\n';
  const { result } = await run(`state ended\nexit 0\noutput 100\n${coloured}`);
  expect(result.lastLines.join('\n')).not.toMatch(/horse|staple/);
});

test('A secret that is set while the hook runs is hidden at its end.', async () => {
  const known = [['an earlier one'], ['an earlier one', VALUE]];
  const readValues = async () => known.shift() ?? ['an earlier one', VALUE];
  const exec = execOf('state running\nran 1\n', `state ended\nexit 0\noutput 9\n${VALUE}\n`);
  expect((await runHook(exec, specOf(), progressOf(), readValues)).lastLines).toEqual(['***']);
});

test('A hook begins before the store has answered, and its output waits for the answer.', async () => {
  let begin = (): void => undefined;
  const hasBegun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const answers = execOf(`state ended\nexit 0\noutput 9\n${VALUE}\n`);
  const exec = () => {
    begin();
    return answers();
  };
  const result = await runHook(exec, specOf(), progressOf(), () => hasBegun.then(() => [VALUE]));
  expect(result.lastLines).toEqual(['***']);
});

test('Without an answer from the store of secrets nothing is returned.', async () => {
  let reads = 0;
  const readValues = async () => {
    reads += 1;
    if (reads > 1) throw new Error('the store does not answer');
    return [];
  };
  const exec = execOf(`state ended\nexit 0\noutput 9\n${VALUE}\n`);
  await expect(runHook(exec, specOf(), progressOf(), readValues)).rejects.toThrow('the store does not answer');
});

test.each([
  ['begins in the middle of one', `orse\tbattery staple 4711 and so on\n`, true],
  ['begins with the rest of a wrapped one', `some line\n${Buffer.from(VALUE).toString('base64').slice(12)}\nend\n`, true],
  ['ends with the beginning of one', 'login with correct horse', false],
  ['ends with the beginning of a wrapped one', `login with ${Buffer.from(VALUE).toString('base64').slice(0, 20)}\n`, false],
])('Output that %s shows nothing of a known value.', async (_, output, isCut) => {
  const { result, sentences } = await run(
    `state running\nran 1\noutput ${isCut ? 99_999 : output.length}\n${output}`,
    `state ended\nexit 0\noutput ${isCut ? 99_999 : output.length}\n${output}`,
  );
  const shown = [...result.lastLines, sentences.at(-1)].join('\n');
  expect(shown).not.toMatch(/orse|batt|staple|4711|Y29y|cnNl|aG9y|c2UJ|YmF0/);
});

test.each(SHELLS)('In %s the values that a hook prints are hidden in the last lines and raw in the log.', async (shell) => {
  const pod = makeTestPod(shell);
  try {
    pod.writeConfigure(`#!/bin/sh\nprintf '%s\\n' '${VALUE}' 'and ${Buffer.from(VALUE).toString('base64')}'\n`);
    const result = await runHook(pod.exec, specOf(), progressOf(), [VALUE]);
    expect(result.lastLines).toEqual(['***', 'and ***']);
    expect(pod.readHome('.perennial/logs/build-1/configure.log')).toContain(VALUE);
  } finally {
    pod.remove();
  }
});
