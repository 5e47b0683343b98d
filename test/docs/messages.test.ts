/** The documents name messages as they are registered, and every `temporal` line in them is one that can be sent. */
import * as definitions from '../../src/contract/messages';
import * as workflows from '../../src/workflows';
import { REQUESTS, type RequestName } from '../../src/workflows/workspace/rules/requests';
import { codesIn, firstCells, readDocument, readDocuments, rowsOf, samplesOf, sectionOf } from '../support/documents';

const MESSAGES = readDocument('docs/messages.md');
const OF_OWNERS = ['configureOwnerUpdate', 'ownerStatusQuery', 'ownerSettingsQuery', 'reserveUpdate'];
const EXPORTED = Object.entries(definitions as Record<string, unknown>);
const DEFINED = EXPORTED.filter(([key]) => !OF_OWNERS.includes(key)).flatMap(([, value]) => (isDefinition(value) ? [value] : []));
const OF_CAMPAIGNS = ['pause', 'resume', 'cancel', 'progress', 'workspaces'];
const OF_ORGANIZATIONS = ['setPolicy', 'policy', 'usage', 'members'];

test.each([
  ['Signals', 'signal'],
  ['Updates', 'update'],
  ['Queries', 'query'],
])('The table of %s lists those of a workspace, and no other.', (heading, type) => {
  const names = DEFINED.filter((each) => each.type === type && ![...OF_ORGANIZATIONS, ...OF_CAMPAIGNS].includes(each.name)).map(
    ({ name }) => name,
  );
  const section = sectionOf(MESSAGES, heading);
  const internal = internalNames(heading);
  expect([...new Set([...tableNames(section), ...internal])].sort()).toEqual(names.sort());
});

test('The table of an organization lists its messages, each with its kind.', () => {
  const documented = rowsOf(sectionOf(MESSAGES, 'Messages of an organization')).map(([cell = '']) => cell.replaceAll('`', ''));
  const names = DEFINED.filter(({ name }) => OF_ORGANIZATIONS.includes(name)).map(({ type, name }) => `${type} ${name}`);
  expect(documented.sort()).toEqual(names.sort());
});

test('The table of an owner lists its messages, each with its kind.', () => {
  const documented = rowsOf(sectionOf(MESSAGES, 'Messages of an owner')).map(([cell = '']) => cell.replaceAll('`', ''));
  const own = EXPORTED.filter(([key]) => OF_OWNERS.includes(key)).map(([, value]) => value);
  expect(documented.sort()).toEqual(
    own.map((each) => `${(each as { type: string }).type} ${(each as { name: string }).name}`).sort(),
  );
});

test('The table of a campaign lists its messages, each with its kind.', () => {
  const documented = rowsOf(sectionOf(MESSAGES, 'Messages of a campaign')).map(([cell = '']) => cell.replaceAll('`', ''));
  const names = DEFINED.filter(({ name }) => OF_CAMPAIGNS.includes(name)).map(({ type, name }) => `${type} ${name}`);
  expect(documented.sort()).toEqual(names.sort());
});

test('The table of requests has each request, and says refused, already, or taken in each state as the code does.', () => {
  const rows = rowsOf(sectionOf(MESSAGES, 'States and requests')).filter((cells) => cells.length === 7);
  const columns = ['off', 'building', 'running', 'turning-off', 'error', 'deleted'] as const;
  expect(rows.map(([name = '']) => codesIn(name)[0]).sort()).toEqual([...Object.keys(REQUESTS), 'configure', 'ping'].sort());
  for (const [name = '', ...cells] of rows) {
    const row = REQUESTS[codesIn(name)[0] as RequestName] as (typeof REQUESTS)[RequestName] | undefined;
    if (row === undefined) continue;
    expect([name, cells.map(kindOf)]).toEqual([name, columns.map((column) => kindOfCell(row[column]))]);
  }
});

test('The workflows of the table are the workflows that a worker runs.', () => {
  const documented = rowsOf(sectionOf(MESSAGES, 'Workflows')).filter(([, id = '']) => /^`\w+\//.test(id));
  expect(documented.map(([type = '']) => codesIn(type)[0]).sort()).toEqual(workflowTypes().sort());
});

test('Every temporal line of the documents names a message and a workflow that there are, with a payload that is JSON.', () => {
  const lines = readDocuments()
    .flatMap(shellLines)
    .filter(({ text }) => /^temporal workflow/.test(text));
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.flatMap(({ place, text }) => faultsOf(text).map((fault) => `${place}: ${fault}`))).toEqual([]);
});

test('Every sample that is marked as JSON can be parsed.', () => {
  const samples = readDocuments().flatMap((document) =>
    samplesOf(document).map((sample) => ({ ...sample, place: `${document.file}:${sample.line}` })),
  );
  const wrong = samples.filter(({ language, text }) => language === 'json' && !isJson(text));
  expect(wrong.map(({ place }) => place)).toEqual([]);
});

function isDefinition(value: unknown): value is { type: string; name: string } {
  return typeof value === 'object' && value !== null && 'type' in value && 'name' in value;
}

function tableNames(section: string[]): string[] {
  return firstCells(section);
}

function internalNames(heading: string): string[] {
  const text = sectionOf(MESSAGES, heading).join(' ');
  return codesIn(/Internal (?:signals|updates)[^.]*/.exec(text)?.[0] ?? '');
}

function workflowTypes(): string[] {
  return Object.entries(workflows as Record<string, unknown>).flatMap(([name, value]) =>
    typeof value === 'function' && name !== 'interceptors' ? [name] : [],
  );
}

/** What the document says of a cell in its first words. */
function kindOf(cell: string): string {
  if (cell.includes('NotAllowed')) return 'refused';
  return /^(already|merged|accepted)/.exec(cell)?.[1] ?? cell;
}

function kindOfCell(cell: string): string {
  if (cell === 'refuse') return 'refused';
  if (['merge', 'replace', 'takeBack'].includes(cell)) return 'merged';
  return cell === 'already' || cell === deferredCell() ? 'already' : 'accepted';
}

/** A second delete: nothing more to do, unless it is to purge at once. */
function deferredCell(): string {
  return REQUESTS.delete.deleted;
}

function shellLines(document: ReturnType<typeof readDocument>): { place: string; text: string }[] {
  return samplesOf(document)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text, line }) =>
      text
        .replaceAll(/\\\n\s*/g, '')
        .split('\n')
        .map((each) => ({ place: `${document.file}:${line}`, text: each.trim() })),
    );
}

function faultsOf(line: string): string[] {
  const option = (name: string) =>
    new RegExp(`--${name} (?:'([^']*)'|(\\S+))`)
      .exec(line)
      ?.slice(1)
      .find((value) => value !== undefined);
  const kind = /^temporal workflow (signal|update|query|start)/.exec(line)?.[1];
  const name = option('name') ?? (kind === 'query' ? option('type') : undefined);
  const type = kind === 'start' ? option('type') : undefined;
  const input = option('input');
  return [
    ...(name !== undefined && !DEFINED.some((each) => each.type === kind && each.name === name) ? [`no ${kind} ${name}`] : []),
    ...(type !== undefined && !workflowTypes().includes(type) ? [`no workflow ${type}`] : []),
    ...(input !== undefined && !isJson(input) ? [`not JSON: ${input}`] : []),
  ];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
