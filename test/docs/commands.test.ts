/** The command line is documented as the program knows it, and every command shown is right usage. */
import type { Command } from 'commander';
import packageFile from '../../package.json';
import type { CliContext } from '../../src/cli/context';
import { COMMAND_NAMES, createProgram } from '../../src/cli/program';
import { run } from '../support/cli/command-line';
import { codesIn, firstCells, proseOf, readDocument, readDocuments, rowsOf, samplesOf, sectionOf } from '../support/documents';
import type { Source } from '../support/source-scans';

const PAGE = readDocument('docs/command-line.md');
/** Read by the program too, and listed as global options. */
const GLOBAL = ['--dir', '--address', '--namespace', '--json'];
const WRONG_USAGE = 2;

const ROWS = rowsOf(sectionOf(PAGE, 'Commands')).map(([name = '', , options = '']) => ({
  name: codesIn(name)[0] ?? '',
  options: (codesIn(options)[0] ?? '').split(' ').filter((option) => option !== ''),
}));

let program: Command;
let commands: { name: string; command: Command }[];

beforeAll(async () => {
  const out = { write: () => {}, writeError: () => {}, columns: () => 100 };
  program = await createProgram({ out } as unknown as CliContext, COMMAND_NAMES);
  commands = leavesOf(program);
});

test('The table of commands has each command of the program, and no other.', () => {
  expect(ROWS.map(({ name }) => name).sort()).toEqual(commands.map(({ name }) => name).sort());
});

test.each(ROWS)('The options of $name are documented, each that its help lists.', ({ name, options }) => {
  const command = commands.find((each) => each.name === name)?.command;
  const known = command?.options.map(({ long }) => long ?? '').filter((option) => !GLOBAL.includes(option));
  expect([...options].sort()).toEqual(known?.sort());
});

test('The tables of options have each option once, as its help writes it.', () => {
  const flagsOf = ({ options }: { options: readonly { flags: string }[] }) => options.map(({ flags }) => flags);
  const flags = new Set([...flagsOf(program), ...commands.flatMap(({ command }) => flagsOf(command))]);
  expect(firstCells(sectionOf(PAGE, 'Options')).sort()).toEqual([...flags].sort());
});

const LINES = readDocuments().flatMap(commandLines);

test('The documents show commands.', () => {
  expect(LINES.length).toBeGreaterThan(30);
});

test.each(LINES)('In $place, `perennial $text` is right usage, and its help ends with 0.', async ({ args }) => {
  const named = ROWS.find(({ name }) => args.join(' ').startsWith(name));
  if (args.includes('ID')) args.splice(args.indexOf('ID'), 1, '01a22831-1eaf-7554-8dc2-2e95c3e921aa');
  const refuse = async () => Promise.reject(new Error('no server here'));
  expect([await run(args, { connect: refuse }), args]).not.toEqual([expect.objectContaining({ code: WRONG_USAGE }), args]);
  expect((await run([...(named?.name.split(' ') ?? []), '--help'])).code).toBe(0);
});

test('Every npm script that the documents name exists.', () => {
  const named = readDocuments().flatMap(({ file, text }) =>
    [...text.matchAll(/\bnpm run ([\w:]+)/g)].map((match) => ({ file, script: match[1] ?? '' })),
  );
  expect(named.filter(({ script }) => !(script in packageFile.scripts))).toEqual([]);
});

/** Commands without others below them, by what is typed. */
function leavesOf(command: Command, prefix = ''): { name: string; command: Command }[] {
  return command.commands.flatMap((each) => {
    const name = `${prefix}${each.name()}`;
    return each.commands.length === 0 ? [{ name, command: each }] : leavesOf(each, `${name} `);
  });
}

/** In samples for the shell, and in prose where an argument follows; words in capitals stand for values. */
function commandLines(document: Source): { place: string; text: string; args: string[] }[] {
  const samples = samplesOf(document).filter(({ language }) => language === 'sh');
  const shown = samples.flatMap(({ text, line }) => text.split('\n').map((each) => ({ line, text: each.trim() })));
  const inline = proseOf(document).flatMap((text, index) => codesIn(text).map((code) => ({ line: index + 1, text: code })));
  return [...shown, ...inline.filter(({ text }) => / .*(?:\/|ID|NAME|--help)/.test(text))].flatMap(({ line, text }) => {
    // The shell takes a file for standard input away.
    const typed = /^(?:npx )?perennial (.+?)(?: < \S+)?$/.exec(text)?.[1];
    if (typed === undefined || typed.includes('…')) return [];
    return [{ place: `${document.file}:${line}`, text: typed, args: argumentsOf(typed) }];
  });
}

function argumentsOf(text: string): string[] {
  const words = [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
  const named = words.map((word) => (word === 'NAME' ? 'acme' : word));
  // A home alone is adopted by a workspace that has to be named.
  return named[0] === 'create' && named[1]?.startsWith('--') ? ['create', 'ada/dev', ...named.slice(1)] : named;
}
