/** Which cluster the tests run on, and what happens where there should be one and is none. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const SCRIPT = JSON.stringify(pathToFileURL(path.join(__dirname, '..', '..', 'scripts', 'cluster.mjs')).href);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-cluster-script-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What `openCluster` answers, or the message of its error, and what it printed before. */
async function openCluster(env: Record<string, string>, tool = path.join(folder, 'missing')) {
  const text = `
    import { openCluster } from ${SCRIPT};
    const options = ${JSON.stringify({ what: 'the tests', tool, env })};
    try { console.log(JSON.stringify(openCluster({ ...options, say: () => {} }))); }
    catch (error) { console.log(JSON.stringify(error.message)); }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: ['ignore', 'pipe', 'ignore'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    printed += piece;
  });
  await once(child, 'close');
  const lines = printed.trim().split('\n');
  return { answer: JSON.parse(lines.pop() ?? '') as unknown, printed: lines };
}

/** A tool that makes a cluster, as a shell script with a case for each command. */
function writeTool(cases: string): string {
  const tool = path.join(folder, 'tool');
  writeFileSync(tool, `#!/bin/sh\necho "$1" >>${folder}/calls\ncase $1 in ${cases} *) ;; esac\n`, { mode: 0o755 });
  return tool;
}

test('Without a cluster and a tool to make one, one line says what was left out.', async () => {
  expect(await openCluster({})).toEqual({
    answer: null,
    printed: ['the tests were left out: KUBECONFIG is not set, and no tool to make a cluster is there'],
  });
});

test('A tool that is there and starts no cluster is an error, and not a reason to leave the tests out.', async () => {
  const tool = writeTool('status | up) exit 1 ;;');
  expect(await openCluster({}, tool)).toEqual({ answer: `no cluster: \`${tool} up\` failed`, printed: [] });
});

test('A cluster that was started for the tests is ended again where its images cannot be made, and that is an error.', async () => {
  const tool = writeTool('status | workspace-image) exit 1 ;; env) echo KUBECONFIG=/k ;;');
  const { answer } = await openCluster({}, tool);
  expect(answer).toContain('workspace-image ended with exit code 1');
  expect(readFileSync(path.join(folder, 'calls'), 'utf8').trim().split('\n').at(-1)).toBe('down');
});

test('Any other cluster is taken with the images of one registry, of which each may be another.', async () => {
  const env = {
    KUBECONFIG: '/k',
    PERENNIAL_TEST_IMAGES: 'registry.example/test',
    PERENNIAL_TEST_ODD_IMAGE: 'other.example/odd:2',
  };
  const { answer } = await openCluster(env, writeTool('env) echo KUBECONFIG=/another ;;'));
  expect(answer).toEqual({
    env: {
      PERENNIAL_TEST_IMAGE: 'registry.example/test/workspace:1',
      PERENNIAL_TEST_NEXT_IMAGE: 'registry.example/test/small:1',
      PERENNIAL_TEST_OTHER_IMAGE: 'registry.example/test/other-uid:1',
      PERENNIAL_TEST_ODD_IMAGE: 'other.example/odd:2',
    },
    tool: null,
  });
});

test('Another cluster without images is an error that names the settings which are missing.', async () => {
  const { answer } = await openCluster({ KUBECONFIG: '/k', PERENNIAL_TEST_IMAGE: 'a:1', PERENNIAL_TEST_NEXT_IMAGE: 'b:1' });
  expect(answer).toContain('expected PERENNIAL_TEST_IMAGES, or PERENNIAL_TEST_OTHER_IMAGE, PERENNIAL_TEST_ODD_IMAGE');
});
