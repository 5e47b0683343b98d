/** Whatever comes out of a pod, what leaves this folder is small, and the work for it linear. */
import fc from 'fast-check';
import type { HookResult } from '../../src/hooks/hook';
import { describeEnd, describeWaiting } from '../../src/hooks/hook-end';
import { cleanSentence, lastLines } from '../../src/hooks/last-lines';
import { createMasker, maskText } from '../../src/hooks/mask';
import { parsePollAnswer } from '../../src/hooks/poll-answer';
import { runHook } from '../../src/hooks/run-hook';
import { cpuTimeMs } from '../support/cpu-time';
import { progressOf, specOf } from '../support/hook-env';

const MAX_RESULT_BYTES = 64 * 1024;
const SOON_MS = 2_000;

async function resultOf(stdout: string) {
  const exec = async () => ({ exitCode: 0, stdout, stderr: stdout });
  return runHook(exec, specOf({ step: 'personalize' }), progressOf());
}

function expectSmall(result: HookResult, sentence = ''): void {
  expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(MAX_RESULT_BYTES);
  expect(result.warnings.length).toBeLessThanOrEqual(10);
  expect(result.lastLines.length).toBeLessThanOrEqual(50);
  for (const text of [...result.warnings, ...result.lastLines]) expect(text.length).toBeLessThanOrEqual(300);
  expect((result.message ?? '').length).toBeLessThanOrEqual(1_000);
  expect(sentence.length).toBeLessThanOrEqual(500);
  expect(JSON.stringify([result, sentence])).not.toMatch(/\\ud[89a-f]/);
}

const WORDS = [
  'state',
  'ended',
  'running',
  'exit',
  'ran',
  'report',
  'warning:',
  'did:',
  'skipped:',
  'moved:',
  'limit',
  'reason',
  'output',
  '0',
  '137',
];
const piece = fc.oneof(
  fc.constantFrom(...WORDS, '\n', ' ', '\r', '\u001b[', '-----BEGIN PRIVATE KEY-----', 'eyJ', '\ud83d', '\u202e'),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc
    .tuple(fc.constantFrom('x', '\r', 'eyJ.', '\ud83d\ude00', 'report warning: x\n', ' '), fc.integer({ min: 1, max: 30_000 }))
    .map(([text, count]) => text.repeat(count)),
);

test('A hostile answer of any shape gives a small and well-formed result.', () => {
  const answers = fc.tuple(fc.constantFrom('', 'state ended\nexit 0\n', 'state running\n'), fc.array(piece, { maxLength: 40 }));
  const spec = specOf({ step: 'personalize' });
  fc.assert(
    fc.property(answers, ([begin, pieces]) => {
      // As it comes out of a stream: what is no Unicode is replaced.
      const stdout = Buffer.from(`${begin}${pieces.join('')}`).toString('utf8');
      const poll = parsePollAnswer(stdout, () => stdout.slice(0, 1_000));
      expectSmall(describeEnd(spec, poll), describeWaiting(spec, poll));
    }),
    { numRuns: 300 },
  );
});

test('Of 900 lines in a report few are kept, and the last warning says how many were not.', async () => {
  const answer = await resultOf(`state ended\nexit 0\n${'report warning: flood\n'.repeat(900)}`);
  expectSmall(answer);
  expect(answer.warnings.at(-1)).toBe('and 91 more');
});

test.each([
  ['exit 99999999999999999999', 'personalize could not be run: sh ended with exit code 0'],
  ['exit -1', 'personalize could not be run: sh ended with exit code 0'],
  ['exit 0x10', 'personalize could not be run: sh ended with exit code 0'],
])('A number that is none, as in "%s", is no answer.', async (line, warning) => {
  const result = await resultOf(`state ended\n${line}\n`);
  expect(result.warnings).toEqual([expect.stringContaining(warning)]);
});

test('A hook whose end is never reported is abandoned some time after its limit.', async () => {
  const exec = async () => ({ exitCode: 0, stdout: 'state running\nran 99999999\n', stderr: '' });
  const result = await runHook(exec, specOf(), progressOf());
  expect(result.warnings).toEqual(['configure ran past its time limit of 1m and was ended']);
});

test.each([
  ['carriage returns', `${'\r'.repeat(100_000)}x`],
  ['escapes that do not end', '\u001b['.repeat(50_000)],
  ['one escape that does not end', `\u001b[${'0;'.repeat(50_000)}`],
  ['beginnings of keys', '-----BEGIN '.repeat(10_000)],
  ['dots', 'eyJ.'.repeat(25_000)],
  ['keys that end and begin', '-----END PRIVATE KEY----------BEGIN PRIVATE KEY-----'.repeat(2_000)],
])('Output of nothing but %s is cleaned in linear time.', (_, text) => {
  const usedMs = cpuTimeMs(() => {
    lastLines(text, { cut: false });
    cleanSentence(text);
    const masker = createMasker(['a secret']);
    for (let at = 0; at < text.length; at += 100) masker.push(text.slice(at, at + 100));
    masker.end();
  });
  expect(usedMs).toBeLessThan(SOON_MS);
});

test('Output without a line break is cut, not empty, and what may be the rest of a token is not shown.', () => {
  const [line = '', ...others] = lastLines(`half-a-token ${'word '.repeat(13_000)}the end`, { cut: true });
  expect([line.length, line[0], line.slice(-7), others]).toEqual([300, '…', 'the end', []]);
  expect(lastLines('half-a-token', { cut: true })).toEqual([]);
  expect(lastLines('half-a-token said this', { cut: true })).toEqual(['said this']);
  expect(lastLines(`${'x'.repeat(65_536)}`, { cut: true })[0]).toHaveLength(300);
  expect(lastLines('10%\r20%\r', { cut: true })).toEqual(['20%']);
});

test('A stream without line breaks is passed on in parts, whole and masked, and little of it is held.', () => {
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';
  const key = `-----BEGIN PRIVATE KEY-----${'k'.repeat(1_000)}-----END PRIVATE KEY-----`;
  const secret = 'a value with blanks in it';
  const text = Array.from(
    { length: 12_000 },
    (_, index) => `${index} ${['plain words', jwt, key, secret][index % 97] ?? 'plain words'} `,
  ).join('');
  const masker = createMasker([secret]);
  let passed = '';
  let mostHeld = 0;
  for (let at = 0; at < text.length; at += 997) {
    passed += masker.push(text.slice(at, at + 997));
    mostHeld = Math.max(mostHeld, at - passed.length);
  }
  passed += masker.end();
  expect(passed).toBe(maskText(text, [secret]));
  expect(passed).not.toMatch(/eyJ|kkk|a value/);
  // What was masked is shorter than what came.
  expect(mostHeld).toBeLessThan(262_144 + 997 + 130 * 2_200);
});
