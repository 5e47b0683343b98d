import fc from 'fast-check';
import { asEnv, asText } from '../../../src/workflows/input/fields';
import { Malformed } from '../../../src/workflows/input/malformed';
import { MAX_DEPTH, toPlainJson } from '../../../src/workflows/input/plain-json';
import { copy, refusalOf } from '../../support/workflows/state-builders';

const HALF = '\ud83d';
const nested = (depth: number, open = '[', close = ']') => JSON.parse(open.repeat(depth) + close.repeat(depth)) as unknown;

test('Any JSON that is nested no deeper than allowed, and valid Unicode, comes out as it was.', () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'small', maxDepth: MAX_DEPTH - 1 }), (value) => {
      expect(toPlainJson(copy(value))).toStrictEqual(copy(value));
    }),
  );
  expect(toPlainJson(nested(MAX_DEPTH))).toEqual(nested(MAX_DEPTH));
});

test('Whatever is nested deeper is cut off at the limit, however deep it is, and the rest stays.', () => {
  for (const depth of [MAX_DEPTH + 1, 5_000, 1_000_000]) {
    const cut = toPlainJson({ by: 'ada', deep: nested(depth) }) as { by: string; deep: unknown };
    expect(cut.by).toBe('ada');
    expect(JSON.stringify(cut).length).toBeLessThan(200);
  }
  const object = toPlainJson(JSON.parse(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`));
  expect(JSON.stringify(object).length).toBeLessThan(500);
});

test('What was cut off is refused by every check, with a word on why.', () => {
  const { by, env } = toPlainJson({ by: nested(MAX_DEPTH + 9), env: { A: nested(5_000) } }) as Record<string, unknown>;
  expect(refusalOf(() => asText('by', by)).message).toMatch(/^by: expected text of at most 200 characters, got a list/);
  expect(refusalOf(() => asEnv('env', env)).message).toMatch(/^env.A: expected text without NUL, got a list/);
  expect(refusalOf(() => asText('by', new Malformed('too deep'))).message).toMatch(/got too deep$/);
});

test('Half of a surrogate pair is taken as U+FFFD wherever it stands, in keys and under __proto__ too.', () => {
  const sent = JSON.parse(
    '{"by":"a\\ud83d","list":["\\udc00b"],"whole":"\\ud83d\\ude00","k\\ud83d":{"x":"\\ud83d"},"__proto__":{"\\udc00":"\\ud83d"}}',
  );
  const text = JSON.stringify(toPlainJson(sent));
  expect(text).toBe(
    '{"by":"a\ufffd","list":["\ufffdb"],"whole":"\ud83d\ude00","__proto__":{"\ufffd":"\ufffd"},"k\ufffd":{"x":"\ufffd"}}',
  );
});

test('No text that is wrong comes through, whatever it is in.', () => {
  const texts = fc.string({ unit: 'binary' });
  const half = fc.tuple(texts, fc.constantFrom(HALF, '\ude00', '\ude00\ud83d'), texts).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.object({ key: half, values: [half, fc.nat()], maxDepth: 4 }), (value) => {
      expect(JSON.stringify(toPlainJson(value))).not.toMatch(/\\ud[89a-f]/i);
    }),
  );
});

test('Bytes, nothing, and single values are left as they are.', () => {
  const bytes = Uint8Array.from([1, 2]);
  for (const value of [bytes, undefined, null, 7, true, 'text']) expect(toPlainJson(value)).toBe(value);
  expect(toPlainJson(`a${HALF}`)).toBe('a\ufffd');
});
