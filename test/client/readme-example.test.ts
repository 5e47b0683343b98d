/** The program that README shows is free of type errors, and does what it says on a real server. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as client from '../../src/client';
import { readDocument, samplesOf } from '../support/documents';
import { ROOT } from '../support/source-scans';
import { type Stack, startStack } from '../support/workflows/temporal-env';

const [SAMPLE] = samplesOf(readDocument('README.md')).filter(({ language }) => language === 'ts');
const PROGRAM = SAMPLE?.text ?? '';
const IMPORT = /^import (\{.*\}) from 'perennial\/client';$/m;

let folder: string;
let stack: Stack;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-readme-'));
  stack = await startStack('dev');
}, 120_000);

afterAll(async () => {
  await stack?.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

test("README's program is free of type errors against the client's sources.", () => {
  expect(PROGRAM).toMatch(IMPORT);
  expect(typeErrorsOf(PROGRAM)).toEqual([]);
  expect(typeErrorsOf(PROGRAM.replace("via: 'ide'", 'via: 7'))).toEqual([expect.stringContaining("'number' is not assignable")]);
}, 60_000);

test("README's program creates, pings, and rebuilds a workspace, and prints why it is as it is.", async () => {
  const address = stack.server?.address ?? '';
  const body = PROGRAM.replace(IMPORT, 'const $1 = imported;').replace('localhost:7233', address);
  const printed: unknown[] = [];
  const run = new Function('imported', 'console', `return (async () => {${body}})();`);
  await run(client, { log: (...words: unknown[]) => printed.push(...words) });
  expect(printed).toEqual(['accepted', 2, expect.stringContaining('new tools')]);
  expect(await stack.client.workspace('ada', 'dev').build(1)).toMatchObject({ image: { reference: 'starter:1' }, failure: null });
}, 60_000);

function typeErrorsOf(program: string): string[] {
  const compilerOptions = {
    module: 'esnext',
    moduleResolution: 'bundler',
    target: 'es2022',
    noEmit: true,
    skipLibCheck: true,
    paths: { 'perennial/client': [path.join(ROOT, 'src', 'client.ts')] },
    typeRoots: [path.join(ROOT, 'node_modules', '@types')],
    types: ['node'],
  };
  writeFileSync(path.join(folder, 'program.mts'), program);
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.mts'] }));
  const compiler = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.includes('program.mts'));
}
