/** Tokens that hooks print as base64. The token of a workspace is known to no store, so only its shape gives it away. */
import fc from 'fast-check';
import { lastLines } from '../../src/hooks/last-lines';
import { createMasker, maskText } from '../../src/hooks/mask';
import { cpuTimeMs } from '../support/cpu-time';

const part = fc.stringMatching(/^[A-Za-z0-9_-]{40,200}$/);
const token = fc.tuple(part, part).map(([claims, signature]) => `eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.${claims}.${signature}`);
const before = fc.constantFrom('', 'a', 'ab', 'user:', 'Bearer ');
const alphabet = fc.constantFrom('base64', 'base64url');

/** As `base64` prints it: a shorter last line ends it. */
const wrap = (text: string, width: number): string => text.replaceAll(new RegExp(`.{${width}}(?=.)`, 'g'), '$&\n');

test('A token as base64 at any offset is hidden, and what surrounds it stays.', () => {
  fc.assert(
    fc.property(token, before, alphabet, (value, prefix, encoding) => {
      const encoded = Buffer.from(prefix + value).toString(encoding as 'base64');
      const shown = maskText(`one: ${encoded} end\ntwo`);
      expect(shown).toMatch(/^one: [\w+/=-]{0,12}\*\*\* end\ntwo$/);
    }),
  );
});

test('A token as base64 in wrapped lines is hidden to its end, with line breaks as they are or written out.', () => {
  fc.assert(
    fc.property(token, before, fc.constantFrom(64, 76), fc.boolean(), (value, prefix, width, isWrittenOut) => {
      const wrapped = wrap(Buffer.from(prefix + value).toString('base64'), width);
      const shown = maskText(`${isWrittenOut ? JSON.stringify(wrapped) : wrapped}\nconfigured well`);
      expect(shown).toMatch(/\nconfigured well$/);
      expect(shown.replace('configured well', '').replaceAll(/[*\n"]/g, '').length).toBeLessThanOrEqual(12);
    }),
  );
});

test('However the text comes in chunks, the same is hidden.', () => {
  fc.assert(
    fc.property(token, fc.integer({ min: 1, max: 50 }), (value, size) => {
      const text = `one\n${wrap(Buffer.from(value).toString('base64'), 76)}\ntwo\n`;
      const masker = createMasker();
      const chunks = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      expect(chunks.map((chunk) => masker.push(chunk)).join('') + masker.end()).toBe(maskText(text));
    }),
  );
});

test('A line that is longer than what is held is hidden to its end.', () => {
  const encoded = Buffer.from(`eyJhbGciOiJFZERTQSJ9.${'c'.repeat(600_000)}.sig`).toString('base64');
  expect(maskText(`${encoded} end\nnext`)).toBe('*** end\nnext');
});

test('Lines behind a token that are no part of it stay.', () => {
  const encoded = Buffer.from(`eyJhbGciOiJFZERTQSJ9.${'c'.repeat(200)}.sig`).toString('base64');
  for (const text of [`${wrap(encoded, 76)}\ndone\nready`, `${encoded}\ndone\nready`, `${encoded}\n\ndone\nready`])
    expect(maskText(text)).toMatch(/\*\*\*\n+done\nready$/);
  expect(lastLines(`${encoded}\ndone`, { cut: false })).toEqual(['***', 'done']);
});

test('The time is linear, however many beginnings a text has.', () => {
  const encoded = Buffer.from('eyJhbGciOi').toString('base64');
  for (const text of [encoded.repeat(50_000), `${encoded} `.repeat(50_000), `${encoded}\n`.repeat(50_000)])
    expect(cpuTimeMs(() => maskText(text))).toBeLessThan(5_000);
});
