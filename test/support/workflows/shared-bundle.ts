import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DefaultLogger } from '@temporalio/worker';
import { bundleWorkflows } from '../../../src/worker/bundle';

const CHECKOUT = path.join(__dirname, '..', '..', '..');
const FOLDER = path.join(CHECKOUT, 'dist', 'test-bundles');

/** The workflows, bundled once for all test files and runs that have the same sources, since that takes seconds of CPU time. */
export async function sharedBundle(): Promise<{ codePath: string }> {
  // That of `npm test`, which it has just compiled for `npm start` too.
  const built = process.env.PERENNIAL_TEST_BUNDLE;
  if (built && existsSync(built)) return { codePath: built };
  const codePath = path.join(FOLDER, `${fingerprint()}.cjs`);
  if (!existsSync(codePath)) {
    const { code } = await bundleWorkflows({ logger: new DefaultLogger('WARN') });
    mkdirSync(FOLDER, { recursive: true });
    const draft = `${codePath}.${process.pid}`;
    writeFileSync(draft, code);
    renameSync(draft, codePath);
  }
  return { codePath };
}

function fingerprint(): string {
  const hash = createHash('sha256');
  const src = path.join(CHECKOUT, 'src');
  const sources = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  for (const file of [path.join(CHECKOUT, 'package-lock.json'), ...sources.sort().map((name) => path.join(src, name))])
    hash.update(file).update(readFileSync(file));
  return hash.digest('hex').slice(0, 32);
}
