/** Known values are hidden in every form in which a program may print them, however the output is cut. */
import fc from 'fast-check';
import { createMasker, maskText, prepareInSlices, prepareValues } from '../../src/hooks/mask';
import { shownBytes } from '../../src/hooks/mask/shown-bytes';

/** No asterisk, which the sign is made of; no line break, which has tests of its own. */
const character = fc.integer({ min: 0x20, max: 0x7e }).map((code) => (code === 0x2a ? '.' : String.fromCharCode(code)));
const anyCharacter = fc.oneof(character, fc.constantFrom('é', 'ß', '中', '😀', '\t', '+', '%', '%41', '/', '=', '~', "'"));
const textOf = (min: number, max: number, unit = anyCharacter) =>
  fc
    .array(unit, { minLength: min, maxLength: max })
    .map((characters) => characters.join(''))
    .filter((text) => /\S/.test(text));
const value = fc.oneof(textOf(6, 31), textOf(32, 40), textOf(41, 400)).filter((text) => text.trim().length >= 6);

/** More than may be a part of a value that has not come whole. */
const TAIL = `> and ${'more text '.repeat(5)}`;

/** A form of a value, which stands between two angle brackets. */
type Form = (value: string) => string;
const lower = (text: string) => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
const FORMS: Record<string, Form> = {
  raw: (text) => text,
  base64: (text) => Buffer.from(text).toString('base64'),
  'base64 without padding': (text) => Buffer.from(text).toString('base64').replace(/=+$/, ''),
  'base64 for URLs': (text) => Buffer.from(text).toString('base64url'),
  'base64 with a line break in it': (text) => Buffer.from(text.replace(/(.{3})/u, '$1\n')).toString('base64'),
  'base64 in a form': (text) => encodeURIComponent(Buffer.from(text).toString('base64')),
  'URL-encoded': (text) => encodeURIComponent(text),
  'URL-encoded in lower case': (text) => lower(encodeURIComponent(text)),
  'encoded as a whole URL': (text) => encodeURI(text),
  'encoded as a form': (text) => new URLSearchParams({ a: text }).toString().slice(2),
  'URL-encoded byte by byte': (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
};

test.each(Object.keys(FORMS))('A value is hidden as a whole: %s.', (name) => {
  fc.assert(
    fc.property(value, fc.boolean(), (secret, hasEnd) => {
      const form = FORMS[name]?.(secret) ?? '';
      const [before, after] = ['a text <', hasEnd ? TAIL : ''];
      const shown = maskText(`${before}${form}${after}`, [secret]);
      // Padding has nothing of the value.
      expect(shown.replace(/\*\*\*(?:=|%3D)*/, '***')).toBe(`${before}***${after}`);
    }),
    { numRuns: 300 },
  );
});

test('A value within other encoded bytes is hidden, at each of the three offsets of base64.', () => {
  const bytes = fc.uint8Array({ maxLength: 5 });
  fc.assert(
    fc.property(value, bytes, bytes, fc.constantFrom('base64', 'base64url'), (secret, before, after, alphabet) => {
      const encoded = Buffer.concat([before, Buffer.from(secret), after]).toString(alphabet as 'base64');
      const shown = maskText(`token: ${encoded}\n`, [secret]);
      const [head = '', tail = ''] = shown.slice('token: '.length).split('***');
      expect([shown.split('***').length, head.length <= 7, tail.length <= 10]).toEqual([2, true, true]);
      expect(encoded.startsWith(head)).toBe(true);
    }),
  );
});

test('A wrapped value is hidden but for what stands before its first line break, if that is less than 6 bytes.', () => {
  const forms = fc.constantFrom('raw', 'base64', 'base64 for URLs', 'URL-encoded byte by byte');
  fc.assert(
    fc.property(
      value,
      forms,
      fc.integer({ min: 1, max: 76 }),
      fc.constantFrom('\n', '\r\n', '\n\n'),
      (secret, name, width, lineBreak) => {
        const lines = FORMS[name]?.(secret).match(new RegExp(`.{1,${width}}`, 'gsu')) ?? [];
        const shown = maskText(`<${lines.join(lineBreak)}>`, [secret]);
        const visible = shown
          .slice(1)
          .replace(/>$/, '')
          .replaceAll(/\*\*\*=*|[\r\n=]/g, '');
        expect(Buffer.byteLength(visible)).toBeLessThan(6 * 3);
        expect(FORMS[name]?.(secret).replaceAll('=', '').startsWith(visible)).toBe(true);
        expect(shown.match(/\n/g)?.length ?? 0).toBe((lines.length - 1) * (lineBreak === '\n\n' ? 2 : 1));
      },
    ),
    { numRuns: 500 },
  );
});

test('Each line of a value of many lines is hidden alone, with any indentation.', () => {
  const line = textOf(6, 80).filter((text) => text.trim().length >= 6);
  fc.assert(
    fc.property(fc.array(line, { minLength: 2, maxLength: 5 }), fc.constantFrom('\n', '\r\n'), (lines, lineBreak) => {
      const shown = maskText(lines.map((text) => `  §${text.trim()}§${TAIL}`).join('\n'), [lines.join(lineBreak)]);
      expect(shown).toBe(lines.map(() => `  §***§${TAIL}`).join('\n'));
    }),
  );
});

test('Of a value that is cut, less than 6 characters at the cut and less than 32 in the middle of a text are shown.', () => {
  const ascii = textOf(6, 300, character).filter((text) => text.trim() === text && !text.includes('%') && text.length >= 6);
  fc.assert(
    fc.property(ascii, fc.nat(), fc.nat(), (secret, from, to) => {
      const [start, end] = [from % secret.length, 1 + (to % secret.length)];
      const visible = (text: string) => text.replaceAll('***', '').length;
      expect(visible(maskText(secret.slice(start), [secret], { startsInside: true }))).toBeLessThan(6);
      expect(visible(maskText(secret.slice(0, end), [secret]))).toBeLessThan(6);
      expect(visible(maskText(`<${secret.slice(start)}>`, [secret]))).toBeLessThan(2 + 32);
      expect(visible(maskText(`<${secret.slice(0, end)}>`, [secret]))).toBeLessThan(2 + 32);
    }),
    { numRuns: 500 },
  );
});

test('A stream is masked the same however it is cut into chunks, and shows no value.', () => {
  const parts = fc.array(
    fc.oneof(
      fc.nat(4).map((index) => ({ index })),
      textOf(1, 30),
      fc.constantFrom('\n', '\r\n', ' ', '\n\n'),
    ),
    {
      maxLength: 20,
    },
  );
  const names = fc.constantFrom(...Object.keys(FORMS));
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 5 }),
      parts,
      names,
      fc.array(fc.nat(60)),
      (values, pieces, name, cuts) => {
        const known = prepareValues(values);
        const shownOf = (index: number) => FORMS[name]?.(values[index % values.length] ?? '') ?? '';
        const text = pieces.map((piece) => (typeof piece === 'string' ? piece : shownOf(piece.index))).join('');
        const masker = createMasker(known);
        let [shown, at] = ['', 0];
        for (const length of cuts) {
          shown += masker.push(text.slice(at, at + length));
          at += length;
        }
        shown += masker.push(text.slice(at)) + masker.end();
        expect(shown).toBe(maskText(text, known));
        for (const secret of values) expect(shown).not.toContain(secret);
      },
    ),
    { numRuns: 500 },
  );
});

test('Lines come out at once, except where a line ends with the beginning of a value.', () => {
  const masker = createMasker(['correct horse battery staple', 'hunter2']);
  expect(masker.push('starting\n')).toBe('starting\n');
  expect(masker.push('the password is hunter2\n')).toBe('the password is ***\n');
  expect(masker.push('a longer one: correct horse\n')).toBe('a longer one: ');
  expect(masker.push(' battery ')).toBe('');
  expect(masker.push('staple\nnext\n')).toBe('***\n***\nnext\n');
  expect(masker.push('correct horse\n')).toBe('');
  expect(masker.push('and cart, which is no value\n')).toBe('correct horse\nand cart, which is no value\n');
  expect(masker.push('correct horse') + masker.end()).toBe('***');
});

test('Values of less than 6 bytes, blank values, and blank parts of values stay.', () => {
  const blanks = `key:${' '.repeat(100)}value`;
  expect(maskText(`short ${' '.repeat(40)} text`, ['short', ' '.repeat(20), blanks])).toBe(`short ${' '.repeat(40)} text`);
  expect(maskText(`<${blanks}>`, [blanks])).not.toMatch(/key|value/);
});

test('A value of bytes that are no text is hidden as it is shown in a text, and in base64 at each of the three offsets.', () => {
  const isVisible = (byte: number) => byte > 0x20 && byte !== 0x2a;
  const bytes = fc.uint8Array({ minLength: 12, maxLength: 100 }).filter((all) => all.every(isVisible));
  fc.assert(
    fc.property(bytes, fc.integer({ min: 0, max: 2 }), fc.constantFrom('base64', 'base64url'), (secret, offset, alphabet) => {
      const encoded = Buffer.concat([Buffer.alloc(offset), secret]).toString(alphabet as 'base64');
      const shown = maskText(`<${Buffer.from(secret).toString('utf8')}> <${encoded}${TAIL}`, shownBytes(Buffer.from(secret)));
      expect(shown).toMatch(new RegExp(`^<\\*{3}> <\\w{0,3}\\*{3}[\\w=/+-]{0,3}${TAIL}$`));
    }),
  );
});

test('Values that are prepared in slices are hidden alike, and other work goes on meanwhile.', async () => {
  const secrets = Array.from({ length: 10 }, (_, index) => `${index}-`.repeat(20_000).replace(/(.{60})/g, '$1\n'));
  let turns = 0;
  const counting = setInterval(() => {
    turns += 1;
  }, 0);
  const known = await prepareInSlices([...secrets, 'a+plus sign']);
  clearInterval(counting);
  expect(turns).toBeGreaterThan(3);
  const text = [...secrets, 'a plus sign', ''].join('\n');
  expect(maskText(text, known)).toBe(maskText(text, prepareValues([...secrets, 'a+plus sign'])));
  expect(maskText(text, known)).not.toMatch(/[^*\n]/);
  expect(await prepareInSlices(['', 'short'])).toEqual({ known: null });
});

test('A private key that is known does not keep another one from being found.', () => {
  const key = (body: string) => `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`;
  const [known, other] = [key('a'.repeat(70)), key('b'.repeat(70))];
  expect(maskText(`1\n${known}2\n${other}3\n${'a'.repeat(70)}`, [known])).toBe('1\n***\n2\n***\n3\n***');
});

test('A token with a value in it is hidden with what of the value surrounds it.', () => {
  const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';
  expect(maskText(`<pass ${token} word>`, [`pass ${token} word`])).toBe('<***>');
});
