import fc from 'fast-check';
import { createPlainTextStream, formatJson, toPlainText } from '../../src/client/pages/plain-text';
import { cpuTimeMs } from '../support/cpu-time';

const ESC = '\u001b';
/** A text, and what a terminal may get of it. */
const CASES: [string, string][] = [
  [`a${ESC}[31mred${ESC}[0m b`, 'ared b'],
  [`${ESC}[2J${ESC}[1;1Hat home`, 'at home'],
  [`${ESC}]0;a window title\u0007after`, 'after'],
  [`${ESC}]8;;https://example.com${ESC}\\link${ESC}]8;;${ESC}\\`, 'link'],
  [`${ESC}P1$r0m${ESC}\\after`, 'after'],
  [`${ESC}(Bx${ESC}7y${ESC}8z`, 'xyz'],
  ['\u009b31mred\u009d0;title\u009cafter', 'redafter'],
  [`${ESC}]0;no end of it\nnext line`, '\nnext line'],
  ['a\tb\r\nc\r\r\nd', 'a\tb\nc\nd'],
  ['10 %\r20 %\rdone\n', '10 %\n20 %\ndone\n'],
  ['abc\b\b\bxyz\u0000\u0007\u007f\u0085', 'abcxyz'],
  ['safe\u202egnp.exe', 'safegnp.exe'],
  ['grüße, 日本, \ud83d\ude00', 'grüße, 日本, \ud83d\ude00'],
];

test.each(CASES)('Of %j a terminal gets %j, in one piece or cut anywhere.', (text, plain) => {
  expect(toPlainText(text)).toBe(plain);
  for (let cut = 0; cut <= text.length; cut += 1) expect(streamed([text.slice(0, cut), text.slice(cut)])).toBe(plain);
  expect(streamed([...text])).toBe(plain);
});

test('Whatever comes, and however it is cut, no control character is left, and both ways are the same.', () => {
  const piece = fc.oneof(fc.constantFrom(ESC, '[', ']', ';', '\\', 'm', '\r', '\n', '\u009b', '\u0007', ' ', '0'), fc.string());
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const plain = toPlainText(pieces.join(''));
      expect(plain).not.toMatch(/[^\P{Cc}\n\t]/u);
      expect(streamed(pieces)).toBe(plain);
    }),
    { numRuns: 2_000 },
  );
});

test('A megabyte of what looks like sequences takes no longer than its length.', () => {
  const usedMs = cpuTimeMs(() => {
    for (const part of [`${ESC}]`, `${ESC}[`, `${ESC}[1;`, ESC, '\r']) streamed([part.repeat(500_000), 'x']);
  });
  expect(usedMs).toBeLessThan(5_000);
});

test('JSON has no raw control character either, and means the same.', () => {
  const value = { text: `a\u009b2J\u007f\u202e${ESC}[2J` };
  expect(formatJson(value)).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  expect(JSON.parse(formatJson(value))).toEqual(value);
});

function streamed(pieces: string[]): string {
  const stream = createPlainTextStream();
  return pieces.map((piece) => stream.push(piece)).join('') + stream.end();
}
