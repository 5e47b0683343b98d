/** A disk that is full, or fills while a hook runs, costs the hook neither its run nor its end. Only root can mount small ones. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { runHook } from '../../src/hooks/run-hook';
import { makeTestPod, progressOf, SHELLS, specOf, type TestPod } from '../support/hook-env';

const mounted: string[] = [];

/** False where this machine does not let us. */
function mountSmall(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=1777', 'tmpfs', folder], { stdio: 'ignore' });
    mounted.push(folder);
    return true;
  } catch {
    return false;
  }
}

function fill(folder: string): void {
  try {
    writeFileSync(path.join(folder, 'filler'), Buffer.alloc(1024 * 1024));
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  }
}

describe.each(SHELLS)('In %s', (shell) => {
  let pod: TestPod;
  beforeEach(() => {
    pod = makeTestPod(shell);
  });
  afterEach(() => {
    for (const folder of mounted.splice(0)) execFileSync('umount', ['-l', folder]);
    pod.remove();
  });
  const run = () => runHook(pod.exec, specOf(), progressOf());
  const configure = (text: string) => pod.writeConfigure(`#!/bin/sh\n${text}`);

  test('In a home that is full the hook runs, its output is shown, and a warning says that it is not in the home.', async () => {
    if (!mountSmall(pod.home)) return;
    fill(pod.home);
    configure('echo ran || exit 9');
    const result = await run();
    expect(result.lastLines).toEqual(['ran']);
    expect(result.warnings).toEqual([expect.stringMatching(/^the output could not be written to .*configure\.log$/)]);
  });

  test('A hook that fills the disk of its run ends with its own exit code.', async () => {
    const runDir = pod.env.PERENNIAL_RUN_DIR ?? '';
    if (!mountSmall(runDir)) return;
    configure('head -c 1000000 /dev/zero >"$PERENNIAL_RUN_DIR/filler"; echo ran; exit 3');
    expect(await run()).toMatchObject({
      warnings: ['configure ended with exit code 3'],
      lastLines: expect.arrayContaining(['ran']),
    });
  });

  test('Where the folder of the run is full from the start, the step says so and does not wait.', async () => {
    const runDir = pod.env.PERENNIAL_RUN_DIR ?? '';
    if (!mountSmall(runDir)) return;
    fill(runDir);
    configure('echo ran');
    expect((await run()).warnings).toEqual([expect.stringContaining('configure could not be run: ')]);
  });
});
