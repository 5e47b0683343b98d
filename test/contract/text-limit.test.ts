import fc from 'fast-check';
import { cutLines, cutText } from '../../src/contract/text-limit';

const bytesOf = (text: string) => Buffer.byteLength(JSON.stringify(text)) - 2;

test('A truncated text of any kind is within both limits, well-formed, and free of control characters.', () => {
  const text = fc
    .array(fc.constantFrom('x', '"', '\\', 'ж', '語', '😀', '\ud83d', '\0', '\n', '\u001b'))
    .map((all) => all.join(''));
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 3, max: 40 }), (given, characters, bytes) => {
      const kept = cutText(given, { characters, bytes });
      expect(kept.length).toBeLessThanOrEqual(characters);
      expect(bytesOf(kept)).toBeLessThanOrEqual(bytes);
      expect(kept).not.toMatch(/\p{Cc}|\p{Surrogate}/u);
    }),
  );
});

test('A text within the limits stays as it is; one beyond them ends in an ellipsis.', () => {
  expect(cutText('  as it is ', { characters: 20 })).toBe('  as it is ');
  expect(cutText('x'.repeat(500), { characters: 500 })).toBe('x'.repeat(500));
  expect(cutText('x'.repeat(501), { characters: 500 })).toBe(`${'x'.repeat(499)}…`);
  expect(cutText('two\r\nlines', { characters: 20 })).toBe('two lines');
  expect(cutText('😀😀', { characters: 4, bytes: 7 })).toBe('😀…');
  expect(cutText('\n'.repeat(2_000_000), { characters: 5 })).toBe(' …');
});

test('The last lines that fit are kept.', () => {
  const limits = { lines: 3, line: { characters: 4 }, bytes: 14 };
  expect(cutLines(['a', 'b', 'c', 'd'], limits)).toEqual(['b', 'c', 'd']);
  expect(cutLines(['a', 'bbbbbb', 'cccc'], limits)).toEqual(['cccc']);
});
