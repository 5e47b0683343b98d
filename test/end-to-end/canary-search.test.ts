/** The search for secret values finds each in every encoding, so that an empty answer means that nothing has leaked. */
import { flatten } from '../support/canary/flatten';
import { findCanaries, needlesOf, plantCanary } from '../support/canary/needles';

const CANARY = plantCanary('variable', 2);
const { value } = CANARY;
const NEEDLES = needlesOf([CANARY]);
const line = value.split('\n')[1] ?? '';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const wrap = (text: string): string => text.replaceAll(/.{19}/g, '$&\n');

test.each([
  ['raw', `before ${value} after`],
  ['raw, one line of it', `before ${line} after`],
  ['raw, with its beginning cut off', value.slice(20)],
  ['in JSON', JSON.stringify({ env: { TOKEN: value } })],
  ['in JSON in JSON', JSON.stringify(JSON.stringify({ value }))],
  ['URL-encoded', `https://host/?token=${encodeURIComponent(value)}`],
  ['URL-encoded as a form', String(new URLSearchParams({ token: value }))],
  ['URL-encoded in lower case', encodeURIComponent(line).toLowerCase()],
  ['base64', base64(value)],
  ['base64 at offset 1', base64(`a${value}z`)],
  ['base64 at offset 2', base64(`ab${value}z`)],
  ['base64 inside of a longer text', base64(`user:${line}:password`)],
  ['base64 for URLs', Buffer.from(`ab${value}z`).toString('base64url')],
  ['base64 in wrapped lines', wrap(base64(`a${value}`))],
  ['base64 in wrapped lines in a list', JSON.stringify({ lastLines: wrap(base64(`ab${value}`)).split('\n') })],
  ['base64 in wrapped lines in JSON', JSON.stringify({ out: wrap(base64(`a${value}`)) })],
])('A value is found %s.', (_, text) => {
  expect(findCanaries(NEEDLES, text)).not.toEqual([]);
  expect(findCanaries(NEEDLES, Buffer.concat([Buffer.from([0xff, 0]), Buffer.from(text)]))).not.toEqual([]);
});

test.each([0, 1, 2])('A value as base64 at offset %d is found by that form.', (offset) => {
  const text = base64('x'.repeat(offset) + value);
  expect(findCanaries(NEEDLES, text)).toContain(`variable (base64 at offset ${offset})`);
});

test('A value is found in the payloads, failures, and maps of an object of the Temporal client.', () => {
  const payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(JSON.stringify({ value })) };
  const objects = [
    { events: [{ workflowExecutionStartedEventAttributes: { input: { payloads: [payload] } } }] },
    { events: [{ activityTaskFailedEventAttributes: { failure: { cause: { message: `it printed ${line}` } } } }] },
    { raw: { pendingActivities: [{ heartbeatDetails: { payloads: [{ data: new Uint8Array(Buffer.from(line)) }] } }] } },
    { memo: new Map([['note', value]]) },
  ];
  for (const object of objects) expect(findCanaries(NEEDLES, flatten(object))).toContain('variable (raw)');
});

test('Another value, a masked one, and the name of the place are no leak.', () => {
  for (const text of [plantCanary('variable', 2).value, 'TOKEN=***', 'variable', 'canary/', ''])
    expect(findCanaries(NEEDLES, text)).toEqual([]);
});
