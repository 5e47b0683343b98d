import fc from 'fast-check';
import {
  asAutoOff,
  asDotfiles,
  asEnv,
  asName,
  asObject,
  asResources,
  asWeekdays,
  refuseLoneRef,
} from '../../../src/workflows/input/fields';
import { Malformed } from '../../../src/workflows/input/malformed';
import { Refusal } from '../../../src/workflows/input/refusal';
import { BAD, GOOD } from '../../support/workflows/field-table';
import { refusalOf } from '../../support/workflows/state-builders';

const cases = (table: typeof GOOD) => table.flatMap(([field, check, values]) => values.map((value) => ({ field, check, value })));

test.each(cases(GOOD))('$field takes $value as it came.', ({ field, check, value }) => {
  expect(check(field, value)).toEqual(value);
});

test.each(cases(BAD))(
  '$field refuses $value as InvalidRequest, in a sentence that names it, what was expected, and what came.',
  (bad) => {
    const { type, message } = refusalOf(() => bad.check(bad.field, bad.value));
    expect(type).toBe('InvalidRequest');
    expect(message).toMatch(new RegExp(`^${bad.field}[.\\w-]*: expected [^]+, got [^]+$`));
  },
);

test.each([undefined, null, {}, { uri: '' }, { uri: '   ' }, { uri: null }])('Blank dotfiles such as %j mean none.', (value) => {
  expect(asDotfiles('dotfiles', value)).toBeNull();
});

test('Nothing and null mean an empty object; a list, a text, and an undecodable payload are refused.', () => {
  expect([asObject('x', undefined), asObject('x', null)]).toEqual([{}, {}]);
  for (const value of [[], 'a', 1, true, new Malformed('bytes')])
    expect(refusalOf(() => asObject('x', value)).type).toBe('InvalidRequest');
});

test('Weekdays come out in the order of the week, each once, and unknown ones are named.', () => {
  expect(asWeekdays('weekdays', ['sun', 'mon', 'sun'])).toEqual(['mon', 'sun']);
  expect(asWeekdays('weekdays', [])).toEqual([]);
  expect(refusalOf(() => asWeekdays('weekdays', ['mon', 'Tue'])).message).toMatch(/weekdays.*"Tue"/);
});

test('Unknown fields are ignored.', () => {
  expect(asResources('resources', { cpu: '1', gpu: '8' })).toEqual({ cpu: '1' });
  expect(asAutoOff('autoOff', { after: '1h', zebra: 1 })).toEqual({ after: '1h' });
});

test('A password in a URI never gets into the message of its refusal.', () => {
  for (const uri of ['https://ada:hunter2@example.com/a', 'ssh://ada:hunter2@example.com/a', 'http://hunter2@example.com']) {
    expect(refusalOf(() => asDotfiles('dotfiles', { uri })).message).not.toMatch(/hunter2/);
  }
});

test('What comes in a long text is cut in the message.', () => {
  expect(refusalOf(() => asName('name', 'x'.repeat(10_000))).message.length).toBeLessThan(300);
});

test('Every name of POSIX that the workspace does not set itself is kept with its value.', () => {
  const names = fc.stringMatching(/^[a-z_][a-z0-9_]{0,20}$/);
  fc.assert(
    fc.property(fc.uniqueArray(names, { maxLength: 10 }), fc.string({ maxLength: 50 }), (keys, text) => {
      const value = text.replaceAll('\0', '');
      const env = asEnv('env', JSON.parse(`{${keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`));
      expect(Object.entries(env)).toEqual(keys.map((key) => [key, value]));
    }),
  );
});

test('Even a variable named __proto__ is kept, since POSIX has that name.', () => {
  expect(Object.keys(asEnv('env', JSON.parse('{"__proto__":"x"}')))).toEqual(['__proto__']);
});

test('Whatever comes, a check either answers or refuses.', () => {
  const checks = [...GOOD.map(([, check]) => check), asWeekdays, asObject];
  fc.assert(
    fc.property(fc.constantFrom(...checks), fc.anything(), (check, value) => {
      try {
        check('field', value);
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('Dotfiles with a ref and no URI are refused, and all others are left to the check of their fields.', () => {
  for (const value of [{ ref: 'main' }, { uri: '', ref: 'main' }, { uri: null, ref: 7 }])
    expect(refusalOf(() => refuseLoneRef('dotfiles', value))).toMatchObject({ type: 'InvalidRequest' });
  for (const value of [undefined, null, {}, { uri: ' ', ref: '' }, { uri: 'https://example.com/a', ref: 'main' }])
    expect(() => refuseLoneRef('dotfiles', value)).not.toThrow();
});
