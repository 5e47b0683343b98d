/** ARCHITECTURE.md as a test: which room imports which, how long things are, how they are named, and which words stand nowhere. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { BANNED_WORDS, bannedIn, bannedInNames, commentsOf, countWords } from './support/comment-scans';
import { commentShare, cyclesOf, functionsOf, importsOf, linesWith, moduleOf, ROOT, read, walk } from './support/source-scans';

/** Names what it forbids. */
const THIS = 'test/tidy.test.ts';
const MAX_FILE_LINES = 250;
const MAX_FOLDER_FILES = 20;
const MAX_FUNCTION_LINES = 70;
/** Of 1,000 words in comments. The goal is none; `npm run figures` shows how far each room is. */
const MAX_BANNED_WORDS = 1.5;
/** A room with less is unexplained, one with more has comments that repeat the code. */
const COMMENT_SHARE = { min: 0.05, max: 0.3 };
/** Rooms that are mostly public types, with a comment on each field and each method. */
const MAX_SHARE_OF_TYPES: Record<string, number> = { client: 0.45, contract: 0.45 };

/** From left to right; a room imports only from its right. `worker` stands apart: it sees all, and no room imports it. */
const RANKS: Record<string, number> = {
  cli: 0,
  gateway: 0,
  start: 0,
  client: 1,
  workflows: 2,
  activities: 3,
  secrets: 4,
  runtimes: 5,
  hooks: 6,
  contract: 7,
};

const FORBIDDEN_NAMES = ['utils', 'util', 'common', 'helpers', 'helper', 'shared', 'types', 'misc'];

const isIn =
  (...folders: string[]) =>
  (file: string) =>
    folders.some((folder) => file.startsWith(folder));
const isSource = isIn('src/');
const isCode = isIn('src/', 'test/', 'scripts/', 'bin/');
/** Turn what is refused into Temporal's failures. */
const HAS_TEMPORAL = ['src/workflows/input/creation.ts', 'src/workflows/input/refusal-failure.ts'];
const READS_ENVIRONMENT = ['src/start.ts', 'src/worker.ts', 'src/gateway.ts', 'src/cli/index.ts'];
/** Rules of workflows, and the checks of what others send them. */
const isRule = (file: string) => /^src\/workflows\/(?:\w+\/rules|input)\//.test(file) && !HAS_TEMPORAL.includes(file);
const isPure = (file: string) =>
  (isRule(file) || isIn('src/contract/', 'src/client', 'src/activities/occurrences', 'src/cli/')(file)) &&
  file !== 'src/cli/index.ts';
const isSilent = (file: string) => isSource(file) && !isIn('src/cli/', 'src/start')(file);
const isSheltered = (file: string) => isSource(file) && !READS_ENVIRONMENT.includes(file);

/** Where a word stands nowhere, and what stands there instead. */
const BANNED: [word: RegExp, where: (file: string) => boolean, instead: string][] = [
  [/\bconsole\.\w/, isSilent, 'the log of the room: pino, or that of the SDK'],
  [/\bas any(?=[;,).\]}]|$)|<any>|: any(?=[;,)=]|$)/, isIn('src/', 'test/'), 'a type, or unknown and a check'],
  [/@ts-(?:ignore|expect-error|nocheck)/, isCode, 'a type that fits'],
  [/setDefaultSignalHandler/, isSource, 'a handler for each known signal'],
  [/from 'zod'/, isIn('src/workflows/'), 'the checks of input/fields.ts'],
  [/from 'node:/, isIn('src/workflows/'), 'an activity'],
  [/Date\.now\(|new Date\(\)|Math\.random|performance\.now/, isPure, 'the moment as an argument'],
  [/process\.env/, isSheltered, 'an argument from worker.ts, gateway.ts, start.ts, or cli/index.ts'],
  [/\bcontract section \d|\bhouse plan\b|\binvariant \d/i, isCode, 'a document of the repository, such as docs/messages.md'],
  [/\bTO[D]O\b|\bFIX[M]E\b|\bXX[X]\b/, isCode, 'the work, or an issue'],
  [/\b(?:test|it|describe)\.(?:skip|only|todo)\b|\bx(?:it|test|describe)\(/, isIn('test/'), 'a test that runs'],
];

/** Homes of the example user are part of the product; anybody else's are a developer's. */
const FOREIGN_PATH = /\/(?:Users|root|work)\/\w|(?<![.\w])\/home\/(?!coder\b|<user>|\$user\b|\$\{)\w|[A-Z]:\\\\?Users/;
const REGISTRY_HOST = /"resolved":|https?:\/\/[\w.-]*(?:registry|npm|artifactory|mirror)[\w.-]*/i;

const SOURCES = walk('src').filter(({ file }) => file.endsWith('.ts'));
const TESTS = walk('test').filter(({ file }) => file.endsWith('.ts'));
const ALL = [...SOURCES, ...TESTS, ...walk('scripts'), ...walk('bin')];

test('Every room of src has its place in the order of imports.', () => {
  expect(SOURCES.length).toBeGreaterThan(50);
  const unknown = SOURCES.map(({ file }) => roomOf(file)).filter((room) => !(room in RANKS) && room !== 'worker');
  expect([...new Set(unknown)]).toEqual([]);
});

test('A file imports only from its right, no room imports worker.ts, and no import leaves src.', () => {
  const wrong = SOURCES.flatMap((source) =>
    importsOf(source)
      .filter(({ from }) => from.startsWith('src/') || from.startsWith('.') || from.startsWith('test/'))
      .filter(({ from }) => !mayImport(source.file, from))
      .map(({ from }) => `${source.file} imports ${from}`),
  );
  expect(wrong).toEqual([]);
});

test('Workflows import activities, secrets, runtimes, and hooks as types only.', () => {
  const wrong = SOURCES.filter(({ file }) => file.startsWith('src/workflows/')).flatMap((source) =>
    importsOf(source)
      .filter(({ from, isTypeOnly }) => /^src\/(?:activities|secrets|runtimes|hooks)\b/.test(from) && !isTypeOnly)
      .map(({ from }) => `${source.file} imports ${from}`),
  );
  expect(wrong).toEqual([]);
});

test('The pure rules of workflows import nothing of Temporal.', () => {
  expect(SOURCES.filter(({ file }) => isRule(file)).length).toBeGreaterThan(20);
  const wrong = SOURCES.filter(({ file }) => isRule(file))
    .filter((source) => importsOf(source).some(({ from }) => from.startsWith('@temporalio')))
    .map(({ file }) => file);
  expect(wrong).toEqual([]);
});

test('No file imports itself by way of others, not as types either.', () => {
  expect(cyclesOf(new Map(SOURCES.map((source) => [moduleOf(source.file), importsOf(source).map(({ from }) => from)])))).toEqual(
    [],
  );
  const cycle = new Map([
    ['a', ['b', 'x']],
    ['b', ['c']],
    ['c', ['a']],
    ['x', []],
  ]);
  expect(cyclesOf(cycle)).toEqual([['a', 'b', 'c']]);
});

test(`No folder of src holds more than ${MAX_FOLDER_FILES} files.`, () => {
  const counts = new Map<string, number>();
  for (const { file } of SOURCES) counts.set(path.posix.dirname(file), (counts.get(path.posix.dirname(file)) ?? 0) + 1);
  expect([...counts].filter(([, count]) => count > MAX_FOLDER_FILES)).toEqual([]);
});

test(`No file has more than ${MAX_FILE_LINES} lines.`, () => {
  const long = ALL.filter(({ lines }) => lines.length > MAX_FILE_LINES).map(({ file, lines }) => `${file}: ${lines.length}`);
  expect(long).toEqual([]);
});

test(`No function has more than ${MAX_FUNCTION_LINES} lines.`, () => {
  const long = ALL.flatMap((source) =>
    functionsOf(source)
      .filter(({ length }) => length > MAX_FUNCTION_LINES)
      .map(({ line, length }) => `${source.file}:${line}: ${length}`),
  );
  expect(long).toEqual([]);
});

test.each(BANNED)('The word %s stands nowhere.', (word, where, instead) => {
  const places = ALL.filter(({ file }) => where(file) && file !== THIS);
  const found = places.flatMap((source) => linesWith(source, word));
  expect({ instead, found }).toEqual({ instead, found: [] });
});

test('The scans find what they look for.', () => {
  const text = [
    "import type { A } from './a';",
    'import {',
    '  b,',
    "} from '../b';",
    'function f() {',
    '  if (b) {',
    '  }',
    '}',
    '',
  ].join('\n');
  const source = { file: 'src/cli/x.ts', text, lines: text.split('\n') };
  expect(importsOf(source)).toEqual([
    { from: 'src/cli/a', isTypeOnly: true },
    { from: 'src/b', isTypeOnly: false },
  ]);
  expect(functionsOf(source)).toEqual([{ line: 5, length: 4 }]);
  expect(commentShare([{ ...source, lines: ['// a', 'b', '', '/** c */', 'd'] }])).toBe(0.5);
  expect([mayImport('src/client.ts', 'src/cli/x'), mayImport('src/cli/x.ts', 'src/worker')]).toEqual([false, false]);
});

test('Files and folders are named in kebab-case, and none is named after no content.', () => {
  const names = ALL.flatMap(({ file }) => file.split('/'));
  const wrong = names.filter((name) => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?(?:\.[a-z]+)?$/.test(name));
  const drawers = names.filter((name) => FORBIDDEN_NAMES.includes(name.split('.')[0] ?? ''));
  expect([...new Set([...wrong, ...drawers])]).toEqual([]);
});

test('Every room explains itself, and none in more words than it needs.', () => {
  const rooms = [...new Set(SOURCES.map(({ file }) => roomOf(file)))];
  const shares = rooms.map((room) => [room, commentShare(SOURCES.filter(({ file }) => roomOf(file) === room))] as const);
  const max = (room: string) => MAX_SHARE_OF_TYPES[room] ?? COMMENT_SHARE.max;
  expect(shares.filter(([room, share]) => share < COMMENT_SHARE.min || share > max(room))).toEqual([]);
});

test(`Of 1,000 words in comments at most ${MAX_BANNED_WORDS} are of private vocabulary.`, () => {
  const files = walk('src').filter(({ file }) => /\.(?:ts|cjs|sh)$/.test(file));
  const found = files.flatMap((source) =>
    bannedIn(source).map(({ line, word, instead }) => `${source.file}:${line}: ${word} (say: ${instead})`),
  );
  const words = countWords(files.flatMap(commentsOf));
  const rate = (1_000 * found.length) / words;
  expect({ rate, found: rate > MAX_BANNED_WORDS ? found : [] }).toEqual({ rate: expect.any(Number), found: [] });
});

test('The names of tests and of their helpers use the terms of the field.', () => {
  const found = TESTS.filter(({ file }) => file !== THIS).flatMap((source) =>
    bannedInNames(source).map(({ line, word, instead }) => `${source.file}:${line}: ${word} (say: ${instead})`),
  );
  expect(found).toEqual([]);
  const lines = [
    "test('It is told.', () => {",
    "    'Nobody is there.',",
    '  const nextBeat = () => told();',
    "  expect('told').toBe();",
  ];
  expect(bannedInNames({ file: 'test/x.test.ts', lines }).map(({ line, word }) => [line, word])).toEqual([
    [1, 'told'],
    [2, 'Nobody'],
    [3, 'Beat'],
  ]);
});

test('Each word of the list is found in a comment, and in no part of another word.', () => {
  const lines = [
    '// Nobody was told anew of something else.',
    'const tolder = nobodyElse; // else, the anewest',
    '/** In vain. */',
  ];
  expect(bannedIn({ file: 'src/x.ts', lines }).map(({ line, word }) => [line, word])).toEqual([
    [1, 'told'],
    [1, 'Nobody'],
    [1, 'anew'],
    [2, 'else'],
    [3, 'In vain'],
  ]);
  expect(bannedIn({ file: 'src/x.sh', lines: ['#!/bin/told', '# told', 'told # none'] })).toHaveLength(1);
  expect(BANNED_WORDS.every(({ word, instead }) => word !== '' && instead !== '')).toBe(true);
});

test("No file names a path of a developer's machine or the host of a package registry.", () => {
  const roots = readdirSync(ROOT).filter((name) => /\.(?:json|cjs|mjs|md|ya?ml)$|^\.npmrc$|^\.gitignore$/.test(name));
  const files = [...ALL, ...walk('docs'), ...walk('.github'), ...walk('images'), ...roots.map(read)].filter(
    ({ file }) => file !== THIS,
  );
  expect(files.flatMap((source) => [...linesWith(source, FOREIGN_PATH), ...linesWith(source, REGISTRY_HOST)])).toEqual([]);
});

function mayImport(file: string, target: string): boolean {
  const [from, to] = [roomOf(file), roomOf(target)];
  if (!target.startsWith('src/')) return false;
  if (from === to || from === 'worker') return true;
  const [left, right] = [RANKS[from], RANKS[to]];
  return left !== undefined && right !== undefined && left < right;
}

/** `src/cli/commands/logs.ts` and `src/cli.ts` are both of the room `cli`. */
function roomOf(file: string): string {
  return (file.split('/')[1] ?? '').replace(/\.ts$/, '');
}
