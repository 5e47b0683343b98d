import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { loadWorkflows, PAYLOAD_CONVERTER_PATH, prebuildWorkflows } from '../../src/worker/bundle';

const HISTORY = path.join(__dirname, '..', 'fixtures', 'histories', 'day.json');
// Bundling takes 2 s, on a busy machine above 10.
jest.setTimeout(240_000);

let folder: string;

beforeAll(() => {
  const logging = { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } as const;
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging } });
  folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-bundle-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

test('A worker without a bundle on disk bundles the workflows itself.', async () => {
  expect(await loadWorkflows(path.join(folder, 'none.cjs'))).toHaveProperty('code');
});

test('A worker with a bundle on disk runs that one.', async () => {
  const file = path.join(folder, 'workflow-bundle.cjs');
  await prebuildWorkflows(file);
  expect(readdirSync(folder)).toEqual(['workflow-bundle.cjs']);
  const workflowBundle = await loadWorkflows(file);
  expect(workflowBundle).toEqual({ codePath: file });
  const options = { workflowBundle, dataConverter: { payloadConverterPath: PAYLOAD_CONVERTER_PATH } };
  const { workflowId, events } = JSON.parse(readFileSync(HISTORY, 'utf8'));
  await Worker.runReplayHistory(options, historyFromJSON({ events }), workflowId);
});
