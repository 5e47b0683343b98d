/** What the documents say of tests and messages: each invariant's test is there, and each message is one that the code has. */
import { codesIn, readDocument, rowsOf, sectionOf } from '../support/documents';
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

/** The sentences of `test` and `it`; those of `test.each` may stand on a line of their own. */
function namesIn(text: string): string[] {
  const names = text.matchAll(/\b(?:test|it)(?:\.each\([\s\S]*?\))?\(\s*(?:'([^\n]*?)'|"([^\n]*?)"|`([^\n]*?)`),/g);
  const alone = text.matchAll(/^\s+(?:'([^\n]*)'|"([^\n]*)"|`([^\n]*)`),$/gm);
  return [...names, ...alone].map(([, single, double, template]) => single ?? double ?? template ?? '');
}
