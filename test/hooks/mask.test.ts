import fc from 'fast-check';
import { lastLines } from '../../src/hooks/last-lines';
import { createMasker, maskText } from '../../src/hooks/mask';
import { cpuTimeMs } from '../support/cpu-time';

const base64 = fc.stringMatching(/^[A-Za-z0-9_-]{10,60}$/);
const jwt = fc.tuple(base64, base64, base64).map(([head, body, signature]) => `eyJ${head}.${body}.${signature}`);
const kind = fc.constantFrom('', 'RSA ', 'EC ', 'OPENSSH ', 'ENCRYPTED ');
const body = fc.array(fc.stringMatching(/^[a-z0-9+/]{20,64}$/), { minLength: 1, maxLength: 60 });
const key = fc.record({ kind, body }).map(({ kind, body }) => ({
  body,
  text: `-----BEGIN ${kind}PRIVATE KEY-----\n${body.join('\n')}\n-----END ${kind}PRIVATE KEY-----`,
}));
const innocent = fc.array(fc.constantFrom('compiling', 'eyJ', 'a.b.c', '100 %', '-----', 'BEGIN CERTIFICATE', ''), {
  maxLength: 8,
});

test('A JWT is masked wherever it stands in a line, and what surrounds it stays.', () => {
  fc.assert(fc.property(jwt, (token) => expect(maskText(`Bearer ${token}, %3D${token}\n`)).toBe('Bearer ***, %3D***\n')));
});

test('A private key is masked from its first to its last line, and what surrounds it stays.', () => {
  fc.assert(fc.property(key, ({ text }) => expect(maskText(`one\nkey: ${text} two\nthree`)).toBe('one\nkey: *** two\nthree')));
});

test('A key on one line, with its line breaks written out, is masked.', () => {
  expect(maskText('{"k":"-----BEGIN PRIVATE KEY-----\\nabc\\n-----END PRIVATE KEY-----\\n"}')).toBe('{"k":"***\\n"}');
});

test('The rest of a key whose beginning is cut off is masked.', () => {
  fc.assert(
    fc.property(key, ({ text, body }) => {
      const tail = maskText(text.slice(40));
      for (const line of body) expect(tail).not.toContain(line);
    }),
  );
});

test('A key that is not yet complete is masked as far as it goes.', () => {
  expect(maskText('a\n-----BEGIN RSA PRIVATE KEY-----\nabc\ndef')).toBe('a\n***');
});

test('A beginning that no end follows does not hide the whole rest of a log.', () => {
  const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index}`);
  expect(maskText(`-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}`)).toContain('line 999');
});

test('Text without secrets stays as it is, whatever line breaks it has.', () => {
  fc.assert(
    fc.property(fc.array(innocent), fc.constantFrom('\n', '\r\n', '\r', '\u2028'), (lines, lineBreak) => {
      const text = lines.map((words) => words.join(' ')).join(lineBreak);
      expect(maskText(text)).toBe(text);
    }),
  );
});

test('Known values are masked, the longest first, and values of many lines line by line.', () => {
  expect(maskText('hunter2 hunter22 other\nsecond', ['hunter2', 'hunter22', '', 'first\nsecond'])).toBe('*** *** other\n***');
});

test('A stream is masked the same however it is cut into chunks.', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          jwt,
          key.map((k) => k.text),
          fc.constant('plain'),
        ),
      ),
      fc.array(fc.nat(200)),
      (parts, cuts) => {
        const text = `${parts.join('\n')} end`;
        const masker = createMasker(['plain']);
        let out = '';
        let at = 0;
        for (const length of cuts) {
          out += masker.push(text.slice(at, at + length));
          at += length;
        }
        out += masker.push(text.slice(at)) + masker.end();
        expect(out).toBe(maskText(text, ['plain']));
      },
    ),
  );
});

test('Hostile output is masked in linear time.', () => {
  const usedMs = cpuTimeMs(() => {
    maskText('eyJ'.repeat(1_000_000));
    maskText(`${'-----BEGIN '.repeat(200_000)}`);
    maskText('-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----'.repeat(20_000));
  });
  expect(usedMs).toBeLessThan(6_000);
});

test('The last lines are at most 50 of at most 300 characters, without control characters, whatever the output.', () => {
  const text = fc.array(
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\n', '\r', '\u001b[1m', '\u001b]0;x', 'a'.repeat(400))),
  );
  fc.assert(
    fc.property(text, fc.boolean(), (parts, cut) => {
      const lines = lastLines(parts.join(''), { cut });
      expect(lines.length).toBeLessThanOrEqual(50);
      for (const line of lines) {
        expect(line.length).toBeLessThanOrEqual(300);
        expect(line).not.toMatch(/\p{Cc}|\p{Cs}/u);
      }
    }),
  );
});

test('The last lines of short plain output are its lines.', () => {
  const lines = fc.array(fc.stringMatching(/^[a-z]{1,20}$/), { minLength: 1, maxLength: 50 });
  fc.assert(fc.property(lines, (all) => expect(lastLines(`${all.join('\n')}\n`, { cut: false })).toEqual(all)));
});

test('A line that the text begins in the middle of is left out.', () => {
  expect(lastLines('ret\nwhole\n', { cut: true })).toEqual(['whole']);
  expect(lastLines('ret', { cut: true })).toEqual([]);
});

test('A long line is cut with a sign, and never within a character.', () => {
  expect(lastLines('😀'.repeat(200), { cut: false })).toEqual([`${'😀'.repeat(149)}…`]);
});
