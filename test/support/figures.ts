/** `npm run figures`: how long things are, what has a comment, which rooms use private vocabulary, and how long the documents are. */
import path from 'node:path';
import { bannedIn, bannedInCode, bannedInNames, commentsOf, countWords, exportsOf, fieldsOf, type Share } from './comment-scans';
import { readDocuments, sentencesOf, wordsOf } from './documents';
import { cyclesOf, functionsOf, importsOf, moduleOf, type Source, walk } from './source-scans';

const MAX_FUNCTION_LINES = 70;

/** Prints all figures; of paths that are named, the lines with banned words instead. */
export function main(named: string[]): void {
  const files = walk('src').filter(({ file }) => /\.(?:ts|sh)$/.test(file));
  if (named.length > 0) return printBanned(files.filter(({ file }) => named.some((each) => file.startsWith(each))));
  const sources = files.filter(({ file }) => file.endsWith('.ts'));
  printSizes(sources);
  printComments(sources);
  printFolders(files);
  printRooms(files);
  printTests();
  printDocuments();
}

function printSizes(sources: Source[]): void {
  const lengths = sources.map(({ file, lines }) => ({ file, length: lines.length })).sort((a, b) => a.length - b.length);
  const longest = lengths.at(-1);
  const functions = sources.flatMap((source) => functionsOf(source).map((each) => ({ ...each, file: source.file })));
  const long = functions.filter(({ length }) => length > MAX_FUNCTION_LINES);
  const cycles = cyclesOf(new Map(sources.map((source) => [moduleOf(source.file), importsOf(source).map(({ from }) => from)])));
  print('files of src', String(sources.length));
  print('median file', `${median(lengths.map(({ length }) => length))} lines`);
  print('longest file', `${longest?.length} lines (${longest?.file})`);
  print('median function', `${median(functions.map(({ length }) => length))} lines of ${functions.length} functions`);
  print(`functions over ${MAX_FUNCTION_LINES} lines`, list(long.map(({ file, line, length }) => `${file}:${line} (${length})`)));
  print('import cycles', list(cycles.map((cycle) => cycle.join(' - '))));
}

function printComments(sources: Source[]): void {
  print('exports with a comment', share(sources.map(exportsOf)));
  const contract = sources.filter(({ file }) => file.startsWith('src/contract/'));
  print('payload fields with a comment', share(contract.map(fieldsOf)));
}

function printFolders(files: Source[]): void {
  const counts = new Map<string, number>();
  for (const { file } of files) counts.set(path.posix.dirname(file), (counts.get(path.posix.dirname(file)) ?? 0) + 1);
  console.log('\nfiles for each folder');
  for (const [folder, count] of [...counts].sort()) console.log(`  ${String(count).padStart(3)}  ${folder}`);
}

function printRooms(files: Source[]): void {
  const rooms = new Map<string, Vocabulary>();
  for (const source of files) {
    const depth = source.file.startsWith('src/runtimes/') ? 3 : 2;
    const room = source.file.split('/').slice(0, depth).join('/');
    const before = rooms.get(room) ?? { words: 0, banned: 0, inCode: 0 };
    rooms.set(room, total([before, vocabularyOf(source)]));
  }
  console.log('\nbanned words: of 1,000 words of comments, in comments, in code');
  for (const [room, counts] of [...rooms, ['all', total([...rooms.values()])] as const]) {
    const { banned, inCode } = counts;
    console.log(`  ${rate(counts).padStart(5)} ${String(banned).padStart(5)} ${String(inCode).padStart(5)}  ${room}`);
  }
}

/** Words of comments, and banned words in comments and in code. */
interface Vocabulary {
  words: number;
  banned: number;
  inCode: number;
}

function vocabularyOf(source: Source): Vocabulary {
  return {
    words: countWords(commentsOf(source)),
    banned: bannedIn(source).length,
    inCode: bannedInCode(source).length,
  };
}

function total(counts: Vocabulary[]): Vocabulary {
  const sum = (key: keyof Vocabulary) => counts.reduce((all, each) => all + each[key], 0);
  return { words: sum('words'), banned: sum('banned'), inCode: sum('inCode') };
}

function printTests(): void {
  const tests = walk('test').filter(({ file }) => file.endsWith('.ts'));
  // The test of the list itself contains the words.
  const named = tests.filter(({ file }) => file !== 'test/tidy.test.ts').flatMap(bannedInNames);
  print('\nbanned words in names of tests', String(named.length));
}

function printDocuments(): void {
  console.log('\ndocuments: words, and words of a sentence in the median');
  for (const document of readDocuments()) {
    const lengths = sentencesOf(document).map((sentence) => countWords([sentence]));
    console.log(`  ${String(wordsOf(document)).padStart(5)} ${String(median(lengths)).padStart(4)}  ${document.file}`);
  }
}

function printBanned(files: Source[]): void {
  for (const source of files) {
    for (const { line, word, instead } of [...bannedIn(source), ...bannedInCode(source)]) {
      console.log(`${source.file}:${line}: ${word} (say: ${instead}): ${source.lines[line - 1]?.trim()}`);
    }
  }
}

function print(what: string, value: string): void {
  console.log(`${what.padEnd(32)} ${value}`);
}

const list = (names: string[]): string => (names.length === 0 ? 'none' : `${names.length}: ${names.join(', ')}`);

const rate = ({ words, banned }: Vocabulary): string => ((1_000 * banned) / Math.max(1, words)).toFixed(1);

function share(shares: Share[]): string {
  const all = shares.reduce((sum, each) => sum + each.all, 0);
  const commented = shares.reduce((sum, each) => sum + each.commented, 0);
  return all === 0 ? 'there are none' : `${Math.round((100 * commented) / all)} % (${commented} of ${all})`;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
