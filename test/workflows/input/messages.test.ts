import fc from 'fast-check';
import * as inputs from '../../../src/workflows/input/messages';
import { Refusal } from '../../../src/workflows/input/refusal';
import { refusalOf } from '../../support/workflows/state-builders';

const NOTHING = { image: null, resources: {}, env: null, dotfiles: null, autoStart: null, autoOff: null };

test('Owner and name suffice for a creation; the organization is default.', () => {
  expect(inputs.parseCreation({ owner: 'ada', name: 'dev' })).toEqual({
    owner: 'ada',
    name: 'dev',
    organization: 'default',
    home: null,
    by: null,
    own: NOTHING,
    continueAsNewAfterEvents: null,
  });
});

test('A creation takes every field of the contract, and ignores the ones it does not know.', () => {
  const own = {
    image: 'starter:1',
    resources: { cpu: '2' },
    env: { A: 'b' },
    dotfiles: { uri: 'https://example.com/a' },
    autoStart: { time: '08:30', timeZone: 'Europe/Berlin' },
    autoOff: { after: '45m' },
  };
  const given = { owner: 'ada', name: 'dev', organization: 'math', home: 'home-1', by: 'eve', zebra: 1, ...own };
  expect(inputs.parseCreation(given)).toMatchObject({ organization: 'math', home: 'home-1', by: 'eve', own });
});

test('Null fields of a creation count as left out.', () => {
  const names = ['organization', 'home', 'by', 'image', 'resources', 'env', 'dotfiles', 'autoStart', 'autoOff'];
  const nulls = Object.fromEntries(names.map((name) => [name, null]));
  expect(inputs.parseCreation({ ...nulls, owner: 'ada', name: 'dev' })).toMatchObject({ organization: 'default', own: NOTHING });
});

test.each([
  ['owner', {}],
  ['owner', null],
  ['name', { owner: 'ada' }],
  ['organization', { owner: 'ada', name: 'dev', organization: 'A' }],
  ['image', { owner: 'ada', name: 'dev', image: 'no image' }],
  ['env', { owner: 'ada', name: 'dev', env: { PATH: '/' } }],
  ['autoOff.after', { owner: 'ada', name: 'dev', autoOff: { after: 'soon' } }],
])('A creation is refused for its %s, which the message names.', (field, input) => {
  expect(refusalOf(() => inputs.parseCreation(input))).toMatchObject({
    type: 'InvalidRequest',
    message: expect.stringMatching(new RegExp(`^${field}: `)),
  });
});

test('A ping may be empty: it is now, via api.', () => {
  for (const input of [undefined, null, {}, { via: null, at: null, session: null }]) {
    expect(inputs.parsePing(input)).toEqual({ via: 'api', at: null });
  }
});

test.each([
  ['2026-03-29T06:30:00.000Z', '2026-03-29T06:30:00.000Z'],
  ['2026-03-29T06:30:00Z', '2026-03-29T06:30:00.000Z'],
  ['2026-03-29T08:30:00+02:00', '2026-03-29T06:30:00.000Z'],
])('A ping at %s was at %s.', (at, instant) => {
  expect(inputs.parsePing({ at, via: 'teleport', session: 's' })).toEqual({ via: 'teleport', at: Date.parse(instant) });
});

test.each([
  { at: 'yesterday' },
  { at: 1_774_765_800_000 },
  { at: '2026-03-29' },
  { at: '2026-03-29T06:30:00' },
  { at: '2026-13-29T06:30:00Z' },
  { via: 1 },
  { via: 'x'.repeat(201) },
  { session: 'x'.repeat(201) },
  { session: {} },
])('The ping %j is malformed.', (input) => {
  expect(refusalOf(() => inputs.parsePing(input)).type).toBe('InvalidRequest');
});

test('In a rebuild null counts as left out, and what is given is taken.', () => {
  expect(inputs.parseRebuild({ image: null, resources: null, env: null, by: null, reason: null })).toEqual({
    by: null,
    reason: null,
    change: {},
  });
  const change = { image: 'a:1', resources: { cpu: '2' }, env: {} };
  expect(inputs.parseRebuild({ ...change, by: 'ada', reason: 'r' })).toEqual({ by: 'ada', reason: 'r', change });
});

test('In a configure null clears a field, and a field left out stays.', () => {
  expect(inputs.parseConfigure({}).change).toEqual({});
  const cleared = { image: null, env: null, dotfiles: null, autoStart: null, autoOff: null };
  expect(inputs.parseConfigure({ ...cleared, resources: null })).toEqual({ by: null, change: cleared, clearResources: true });
});

test('A delete purges only on true.', () => {
  expect(inputs.parseDelete(undefined)).toEqual({ by: null, purge: false });
  expect(inputs.parseDelete({ purge: true, by: 'ada' })).toEqual({ by: 'ada', purge: true });
  expect(refusalOf(() => inputs.parseDelete({ purge: 'true' })).message).toBe('purge: expected true or false, got "true"');
});

test('A build is asked for by its number, or the newest without one.', () => {
  expect([undefined, null, {}, { number: null }, { number: 3 }].map(inputs.parseBuildNumber)).toEqual([
    null,
    null,
    null,
    null,
    3,
  ]);
  for (const number of [0, -1, 1.5, '1', true])
    expect(refusalOf(() => inputs.parseBuildNumber({ number })).type).toBe('InvalidRequest');
});

test('Whatever comes, a parser either answers or refuses.', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(inputs)), fc.anything(), (parse, input) => {
      try {
        parse(input);
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal);
      }
    }),
    { numRuns: 2_000 },
  );
});
