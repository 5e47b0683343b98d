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

test('The last stage takes dependencies without those for development, and what was compiled with its bundle of workflows.', () => {
  expect(last).toContain('COPY --from=dependencies /app/node_modules');
  expect(last).toContain('COPY --from=build /app/dist');
  expect(last).not.toMatch(/^RUN /m);
  expect(stages.find((stage) => / AS dependencies/.test(stage))).toMatch(/npm ci --omit=dev --ignore-scripts/);
  // The build leaves the bundle where the compiled worker looks for it.
  expect(stages.find((stage) => / AS build/.test(stage))).toContain('RUN npm run build');
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
