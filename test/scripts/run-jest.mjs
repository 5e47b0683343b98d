// Runs jest on a folder as `npm test` does, and prints what it found and how CI would say it.
import { runJest } from '../../scripts/jest.mjs';
import { formatFailures } from '../../scripts/summary.mjs';

const [folder, limitMs] = process.argv.slice(2);
const config = JSON.stringify({ rootDir: folder, transform: {}, testEnvironment: 'node', testTimeout: 60_000 });
const { passed, failures } = await runJest({
  args: ['-c', config, '-w', '2', '\\.test\\.js$'],
  env: process.env,
  limitMs: Number(limitMs),
});
console.log(`\n${JSON.stringify({ passed, failures, lines: formatFailures(failures, { lines: 56 }) })}`);
process.exit(0);
