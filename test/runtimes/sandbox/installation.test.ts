import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkInstallation, tieToInstallation } from '../../../src/runtimes/sandbox';

let dir: string;
beforeEach(() => {
  dir = path.join(mkdtempSync(path.join(os.tmpdir(), 'perennial-tie-')), 'stack');
});
afterEach(() => rmSync(path.dirname(dir), { recursive: true }));

test('The first worker ties DIR to its namespace, and from then on only that one may serve and judge it.', async () => {
  await expect(checkInstallation(dir, 'one')).rejects.toMatchObject({ type: 'NotAllowed' });
  await tieToInstallation(dir, 'one');
  await tieToInstallation(dir, 'one');
  await checkInstallation(dir, 'one');
  await expect(tieToInstallation(dir, 'two')).rejects.toMatchObject({
    type: 'NotAllowed',
    message: expect.stringMatching(
      /belongs to the Temporal namespace with the id one, .* has the id two; .*remove .*namespace\.json$/,
    ),
  });
  await expect(checkInstallation(dir, 'two')).rejects.toMatchObject({ type: 'NotAllowed' });
  expect(JSON.parse(readFileSync(path.join(dir, 'namespace.json'), 'utf8'))).toEqual({ id: 'one' });
  expect(statSync(path.join(dir, 'namespace.json')).mode & 0o777).toBe(0o600);
});

test('Of many that come first at once one has it, the others are refused, and no draft is left.', async () => {
  const ids = Array.from({ length: 20 }, (_, number) => `namespace-${number}`);
  const ends = await Promise.allSettled(ids.map((id) => tieToInstallation(dir, id)));
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(readdirSync(dir)).toEqual(['namespace.json']);
});

test('An unreadable record is unknown: DIR is neither served nor judged.', async () => {
  await tieToInstallation(dir, 'one');
  writeFileSync(path.join(dir, 'namespace.json'), '{"id":');
  await expect(tieToInstallation(dir, 'one')).rejects.toMatchObject({ type: 'RuntimeUnavailable' });
  await expect(checkInstallation(dir, 'one')).rejects.toMatchObject({ type: 'RuntimeUnavailable' });
});
