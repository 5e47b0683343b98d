/** Masking beside no masking: its time grows with the text alone, whatever text and values are. */
import { randomBytes } from 'node:crypto';
import { createMasker, type PreparedValues, prepareValues } from '../../src/hooks/mask';
import { cpuTimeMs } from '../support/cpu-time';
import { line, type Measurement, median, spread } from './report';
import { sized } from './size';

const TEXT_CHARS = sized(8 * 1_024 * 1_024, 64 * 1_024);
const TIMES = sized(5, 1);
const CHUNK_CHARS = 64 * 1_024;
const LARGEST = { count: sized(200, 10), chars: sized(64 * 1_024, 1_024) };
/** Of the same text, how much longer each half as long may take; and how much longer hostile text and values may. */
const GOALS = { perChar: 1.5, hostile: 12, preparedMs: 5_000 };

type Repeated = (text: string) => (chars: number) => string;
const repeated: Repeated = (text) => (chars) => text.repeat(Math.ceil(chars / text.length)).slice(0, chars);

const build = repeated('[12/40] compiling src/hooks/mask.ts with 4 workers, 120 ms, cached: false\n');
const random = () => randomBytes(24).toString('base64url');

/** Text and values that meet as often as they can. */
const HOSTILE: Record<string, { text: (chars: number) => string; values: string[] }> = {
  'one character': { text: repeated('a'), values: Array.from({ length: 26 }, (_, index) => 'a'.repeat(6 + index)) },
  'line breaks': { text: repeated('ab\n'), values: ['ab'.repeat(1_000), 'abababab'] },
  'beginnings of values': { text: repeated('the same beginning\n'), values: [`the same beginning${'x'.repeat(100)}`] },
  'codes that are none': { text: repeated('%4%%41'), values: ['%4%%41%4%%41', 'AAAAAA'] },
  base64: { text: repeated(Buffer.from('a value of mine').toString('base64')), values: ['a value of mine', 'mine'.repeat(20)] },
  'ends of keys and dots': { text: repeated('-----BEGIN eyJ.'), values: ['-----BEGIN', 'BEGIN eyJ'] },
};

export const mask: Measurement = {
  name: 'mask',
  title: 'Masking a log',
  async run({ say }) {
    say('values of usual size');
    const few = prepareValues(Array.from({ length: 10 }, random));
    const none = timesOf(build, prepareValues([]), TEXT_CHARS);
    const whole = timesOf(build, few, TEXT_CHARS);
    const half = timesOf(build, few, TEXT_CHARS / 2);
    say(`${LARGEST.count} values of ${LARGEST.chars} characters`);
    const large = Array.from({ length: LARGEST.count }, () => randomBytes(LARGEST.chars / 2).toString('hex'));
    let many = prepareValues([]);
    const preparedMs = cpuTimeMs(() => {
      many = prepareValues(large);
    });
    const withMany = timesOf(build, many, TEXT_CHARS);
    say('hostile text and values');
    const hostile = Object.entries(HOSTILE).map(([name, { text, values }]) => {
      const ratio = median(timesOf(text, prepareValues(values), TEXT_CHARS)) / median(whole);
      return line(`of ${name}, beside 10 values`, ratio.toFixed(2), under(ratio, GOALS.hostile));
    });
    const growth = median(whole) / 2 / median(half);
    const ratio = median(withMany) / median(whole);
    return [
      line(`${TEXT_CHARS} characters without a value`, spread(none, ' ms')),
      line('with 10 values', spread(whole, ' ms')),
      line('for each character, beside half the text', growth.toFixed(2), under(growth, GOALS.perChar)),
      line(`with ${LARGEST.count} large values, beside 10`, ratio.toFixed(2), under(ratio, GOALS.hostile)),
      line('to prepare these', `${preparedMs.toFixed(0)} ms`, under(preparedMs, GOALS.preparedMs)),
      ...hostile,
    ];
  },
};

const under = (value: number, limit: number) => ({ text: `at most ${limit}`, holds: value <= limit });

function timesOf(textOf: (chars: number) => string, values: PreparedValues, chars: number): number[] {
  const text = textOf(chars);
  return Array.from({ length: TIMES }, () =>
    cpuTimeMs(() => {
      const masker = createMasker(values);
      for (let at = 0; at < text.length; at += CHUNK_CHARS) masker.push(text.slice(at, at + CHUNK_CHARS));
      masker.end();
    }),
  );
}
