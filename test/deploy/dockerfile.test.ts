/** The worker's image, as far as it can be told without building it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '..', '..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const instructions = read('Dockerfile')
  .split('\n')
  .filter((line) => /^[A-Z]+ /.test(line));
const stages = instructions.join('\n').split(/^(?=FROM )/m);
const last = stages.at(-1) ?? '';

test('The image is built in stages, all from one base of an exact version.', () => {
  const [base, ...built] = stages;
  expect(base).toMatch(/^ARG NODE=node:\d+\.\d+\.\d+-[a-z]+-slim$/m);
  expect(built.length).toBeGreaterThan(1);
  expect(built.every((stage) => stage.startsWith('FROM $' + '{NODE}'))).toBe(true);
});

test('The base is a Node that package.json allows.', () => {
  const [, major, minor] = /node:(\d+)\.(\d+)/.exec(stages[0] ?? '') ?? [];
  const [, leastMajor, leastMinor] = /(\d+)\.(\d+)/.exec(JSON.parse(read('package.json')).engines.node) ?? [];
  expect(major).toBe(leastMajor);
  expect(Number(minor)).toBeGreaterThanOrEqual(Number(leastMinor));
});

test('The worker runs as a user who is not root, by number.', () => {
  expect(last).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
});

test('The last stage takes what the programs load of what was compiled and bundled, and makes nothing itself.', () => {
  const building = stages.find((stage) => / AS build/.test(stage)) ?? '';
  // The build leaves the bundle where the compiled worker looks for it.
  const [compile, copy] = building.split('\n').filter((line) => /^RUN (?:npm run|node)/.test(line));
  expect(compile).toBe('RUN npm run build');
  const [, folder, programs = ''] = /^RUN node scripts\/image-files\.mjs (\S+) (.+)$/.exec(copy ?? '') ?? [];
  expect(last).toContain(`COPY --from=build ${folder} ./`);
  expect(last).not.toMatch(/^RUN /m);
  // Each program that the image or docker-compose.yml runs.
  const run = [...`${last}\n${read('docker-compose.yml')}`.matchAll(/\bdist\/[\w/-]+\.js\b/g)].map(([name]) => name);
  expect(run.length).toBeGreaterThan(1);
  expect(programs.split(' ')).toEqual(expect.arrayContaining(run));
});

test('The image has the health check of docker-compose.yml.', () => {
  expect(last).toMatch(/^HEALTHCHECK .*CMD \["node", "dist\/worker\/health\.js"\]$/m);
});

test('The worker is process 1 itself, so that it receives the signal to end.', () => {
  expect(last).toMatch(/^CMD \["node", .*"dist\/worker\.js"\]$/m);
  expect(last).not.toMatch(/^ENTRYPOINT/m);
});

test('What is copied is let in, and nothing else is.', () => {
  const [first, ...allowed] = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const copied = instructions
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from'))
    .flatMap((line) => line.split(' ').slice(1, -1));
  expect(first).toBe('*');
  expect(allowed.map((line) => line.replace(/^!/, '')).sort()).toEqual([...new Set(copied)].sort());
});
