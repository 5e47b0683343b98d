/** The package in the hands of another service: installed from a tarball, type-checked, and run as its documentation says. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { brokenImportsOf, closureOf, type InstalledPackage, installPackage } from '../support/client/installed-package';
import { readDocument, samplesOf } from '../support/documents';
import { until } from '../support/until';
import { type Stack, startStack } from '../support/workflows/temporal-env';

const SAMPLES = samplesOf(readDocument('docs/typescript-client.md'));
/** Each program of the document, with what it prints in the sample behind it. */
const EXAMPLES = SAMPLES.flatMap(({ language, text }, index) =>
  language === 'ts' ? [{ program: text, output: SAMPLES[index + 1]?.text ?? '' }] : [],
);
/** The program of the README, which awaits at its top level. */
const README = samplesOf(readDocument('README.md')).find(({ text }) => text.includes("'perennial/client'"))?.text ?? '';
const README_PROGRAM = path.join('esm', 'readme.ts');

const ENTRIES = ['client', path.join('contract', 'index')];
const COMPILERS = [
  ['nodenext', ['--module', 'nodenext']],
  ['node16', ['--module', 'node16']],
  ['bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
] as const;
/** The programs of the document, as files of both kinds of modules. */
const PROGRAMS = ['esm', 'cjs'].flatMap((kind) => EXAMPLES.map((_, index) => path.join(kind, `program-${index}.ts`)));

let installed: InstalledPackage;
let stack: Stack;

beforeAll(async () => {
  [installed, stack] = await Promise.all([installPackage(), startStack('dev')]);
  for (const [index, file] of PROGRAMS.entries()) installed.write(file, EXAMPLES[index % EXAMPLES.length]?.program ?? '');
}, 600_000);

afterAll(async () => {
  await stack?.close();
  installed?.remove();
});

test('The document has a program for each of the two entry points.', () => {
  expect(EXAMPLES.map(({ program }) => /from '(perennial\/\w+)'/.exec(program)?.[1])).toEqual([
    'perennial/client',
    'perennial/contract',
  ]);
});

test.each(ENTRIES)(
  'The entry %s loads files of the client and of the contract alone, and of Temporal only the client.',
  (entry) => {
    const dist = path.join(installed.folder, 'dist');
    for (const extension of ['.js', '.d.ts'] as const) {
      const { files, packages } = closureOf(path.join(dist, entry + extension), { extension });
      const foreign = files.map((file) => path.relative(dist, file)).filter((file) => !/^(?:client|contract)[./]/.test(file));
      expect({ extension, foreign }).toEqual({ extension, foreign: [] });
      const allowed = /^(?:node:.+|@temporalio\/(?:client|common))$/;
      expect(packages.filter((name) => !allowed.test(name))).toEqual([]);
      if (entry === 'client') expect(packages).toContain('@temporalio/client');
    }
  },
);

test.each(COMPILERS)(
  'The programs and the declarations are free of type errors with the module resolution %s.',
  async (_, options) => {
    expect(await installed.compile(PROGRAMS, [...options, '--noEmit'])).toEqual([]);
  },
);

test('A program that gives a field a wrong type does not compile.', async () => {
  installed.write(path.join('esm', 'wrong.ts'), EXAMPLES[0]?.program.replace("{ via: 'ide' }", '{ via: 7 }') ?? '');
  const errors = await installed.compile([path.join('esm', 'wrong.ts')], ['--module', 'nodenext', '--noEmit']);
  expect(errors).toEqual([expect.stringMatching(/^esm\/wrong\.ts.*'number' is not assignable to type 'string'/)]);
});

test('The programs print what the document says, as ES modules first and then, on the same workspace, as CommonJS.', async () => {
  const TEMPORAL_ADDRESS = stack.server?.address ?? '';
  await installed.compile(PROGRAMS, ['--module', 'nodenext']);
  const run = (file: string) => installed.node([file.replace(/\.ts$/, '.js')], { TEMPORAL_ADDRESS });
  const printed: string[] = [];
  for (const program of PROGRAMS) printed.push(await run(program));
  const documented = EXAMPLES.map(({ output }) => output);
  // By then the workspace exists, has had two builds, and has another image.
  const again = documented.map((output) => output.replace('build 1 of starter:1', 'build 3 of starter:2'));
  expect(printed).toEqual([...documented, ...again]);
});

test('The program of the README creates, pings, and rebuilds a workspace as it stands there.', async () => {
  const address = stack.server?.address ?? '';
  // Another workspace than that of the programs above.
  installed.write(README_PROGRAM, README.replace('localhost:7233', address).replace("name: 'dev'", "name: 'readme'"));
  expect(await installed.compile([README_PROGRAM], ['--module', 'nodenext'])).toEqual([]);
  expect(await installed.node([README_PROGRAM.replace(/\.ts$/, '.js')])).toMatch(/^accepted 2 .*new tools/);
  const first = { image: { reference: 'starter:1' }, failure: null };
  expect(await stack.client.workspace('ada', 'readme').build(1)).toMatchObject(first);
});

test('The command works from the installed package, and compiles or installs nothing.', async () => {
  const command = path.join('node_modules', '.bin', 'perennial');
  const schedule = ['schedule', '--time', '02:30', '--time-zone', 'America/Los_Angeles', '--from', '2027-03-12', '--days', '1'];
  expect(JSON.parse(await installed.node([command, ...schedule, '--json']))).toEqual([
    { date: '2027-03-12', at: '2027-03-12T10:30:00.000Z' },
  ]);
  await stack.client.create({ owner: 'grace', name: 'dev', image: 'starter:1' });
  const list = [command, 'list', '--address', stack.server?.address ?? '', '--owner', 'grace', '--json'];
  // A busy machine may take longer than the command waits for a connection.
  const printed = () =>
    installed.node(list).catch((error: Error) => (/Unavailable/.test(error.message) ? '' : Promise.reject(error)));
  await until('the workspace is listed', async () => (await printed()).includes('"grace/dev"'));
});

test('The package holds every file that its files import, but for the preparation of a checkout.', () => {
  expect(brokenImportsOf(installed.folder)).toEqual(['bin/perennial.mjs: ../scripts/prepare.mjs']);
});

test('The package holds no sources, tests, or images, and neither the worker nor its activities and workflows.', () => {
  const names = ['src', 'test', 'images', 'dist/worker.js', 'dist/activities', 'dist/workflows', 'dist/client.js.map'];
  expect(names.filter((name) => existsSync(path.join(installed.folder, name)))).toEqual([]);
});
