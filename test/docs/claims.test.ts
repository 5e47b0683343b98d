/** What the documents say of tests, messages, and identifiers: each named one is in the code. */
import { codesIn, proseOf, readDocument, readDocuments, rowsOf, sectionOf } from '../support/documents';
import { read, walk } from '../support/source-scans';

const ARCHITECTURE = readDocument('ARCHITECTURE.md');
const INVARIANTS = rowsOf(sectionOf(ARCHITECTURE, 'Invariants')).map(([invariant = '', test = '']) => ({ invariant, test }));
const MESSAGE_TABLES = ['Connecting', 'Starting the stack or a worker', 'A build fails or waits', 'Hooks and dotfiles'];
const MESSAGES = MESSAGE_TABLES.flatMap((heading) => rowsOf(sectionOf(readDocument('docs/troubleshooting.md'), heading)));
/** Shorter ones are found anywhere. */
const SHORTEST = 5;

test('The invariants are listed.', () => {
  expect(INVARIANTS.length).toBeGreaterThan(20);
});

test.each(INVARIANTS)('The test that is named for "$invariant" exists.', ({ test: named }) => {
  const [file = ''] = codesIn(named);
  const name = /: "(.*)"$/.exec(named)?.[1] ?? '';
  expect(name).not.toBe('');
  const sentences = read(file).text.replaceAll("\\'", "'");
  // The one name of all banned words stands in a template.
  expect(namesIn(sentences)).toContain(name);
});

test('The messages of the troubleshooting page are listed.', () => {
  expect(MESSAGES.length).toBeGreaterThan(30);
});

const SOURCES = walk('src')
  .map(({ text }) => text)
  .join('\n')
  .replaceAll("\\'", "'")
  .replaceAll('\\`', '`');

test.each(MESSAGES.map(([message = '']) => codesIn(message)[0] ?? ''))('The message "%s" is one of the code.', (message) => {
  const parts = message.split('…').map((part) => part.trim().replace(/[:;,]$/, ''));
  const missing = parts.filter((part) => part.length >= SHORTEST && !SOURCES.includes(part));
  expect(missing).toEqual([]);
});

/** Identifiers, and the file or folder that they are said to be in. */
const IDENTIFIERS = /((?:`@?\w+`(?:, and |, | and )?)+) in ((?:(?: and in )?`(?:src|test|scripts|deploy|bin)\/[\w./-]+`)+)/g;
const NAMED = readDocuments().flatMap(({ file, ...document }) =>
  [
    ...proseOf({ file, ...document })
      .join(' ')
      .replaceAll(/ +/g, ' ')
      .matchAll(IDENTIFIERS),
  ].flatMap(([, names = '', places = '']) =>
    codesIn(names).flatMap((name) => codesIn(places).map((place) => ({ file, name, place }))),
  ),
);

test('The identifiers that the documents name with their files are listed.', () => {
  expect(NAMED.length).toBeGreaterThan(5);
});

test.each(NAMED)('In $file: $name occurs in $place.', ({ name, place }) => {
  const sources = place.endsWith('/') ? walk(place.slice(0, -1)) : [read(place)];
  const occurrence = new RegExp(`(?<!\\w)${name}(?!\\w)`);
  expect(sources.filter(({ text }) => occurrence.test(text))).not.toEqual([]);
});

/** The sentences of `test` and `it`; those of `test.each` may stand on a line of their own. */
function namesIn(text: string): string[] {
  const names = text.matchAll(/\b(?:test|it)(?:\.each\([\s\S]*?\))?\(\s*(?:'([^\n]*?)'|"([^\n]*?)"|`([^\n]*?)`),/g);
  const alone = text.matchAll(/^\s+(?:'([^\n]*)'|"([^\n]*)"|`([^\n]*)`),$/gm);
  return [...names, ...alone].map(([, single, double, template]) => single ?? double ?? template ?? '');
}
