/** A disk that is full, or fills while a hook runs, costs the hook neither its run nor its end. Only root can mount small ones. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { runHook } from '../../src/hooks/run-hook';
import { makePlace, type Place, progressOf, SHELLS, specOf } from '../support/hook-env';

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
  let place: Place;
  beforeEach(() => {
    place = makePlace(shell);
  });
  afterEach(() => {
    for (const folder of mounted.splice(0)) execFileSync('umount', ['-l', folder]);
    place.remove();
  });
  const run = () => runHook(place.exec, specOf(), progressOf());
  const configure = (text: string) => place.writeConfigure(`#!/bin/sh\n${text}`);

  test('In a home that is full the hook runs, its output is shown, and a warning says that it is not in the home.', async () => {
    if (!mountSmall(place.home)) return;
    fill(place.home);
    configure('echo ran || exit 9');
    const result = await run();
    expect(result.lastLines).toEqual(['ran']);
    expect(result.warnings).toEqual([expect.stringMatching(/^the output could not be written to .*configure\.log$/)]);
  });

  test('A hook that fills the disk on which its run is kept is told the end it came to.', async () => {
    const runDir = place.env.PERENNIAL_RUN_DIR ?? '';
    if (!mountSmall(runDir)) return;
    configure('head -c 1000000 /dev/zero >"$PERENNIAL_RUN_DIR/filler"; echo ran; exit 3');
    expect(await run()).toMatchObject({
      warnings: ['configure ended with exit code 3'],
      lastLines: expect.arrayContaining(['ran']),
    });
  });

  test('Where the place of the run is full from the start, the step says so and does not wait.', async () => {
    const runDir = place.env.PERENNIAL_RUN_DIR ?? '';
    if (!mountSmall(runDir)) return;
    fill(runDir);
    configure('echo ran');
    expect((await run()).warnings).toEqual([expect.stringContaining('configure could not be run: ')]);
  });
});
