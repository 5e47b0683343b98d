import { packCampaign, unpackCampaign } from '../../../../src/workflows/campaign/rules/carried';
import {
  type CampaignState,
  createCampaign,
  finishRecord,
  MAX_WORKSPACES,
  newRecord,
} from '../../../../src/workflows/campaign/rules/state';
import { viewProgress } from '../../../../src/workflows/campaign/rules/view';
import { parseCampaign } from '../../../../src/workflows/input/campaign';
import { INPUT, START } from '../../../support/workflows/campaign-simulator';

/** The server's limit for the input of a run, and for a query's answer. */
const MAX_INPUT_BYTES = 2 * 1024 * 1024;

test('At its fullest the state crosses continue-as-new unchanged, and fits into one payload.', () => {
  const state = fullest();
  const text = JSON.stringify(packCampaign(state));
  expect(unpackCampaign(JSON.parse(text))).toEqual(state);
  expect(Buffer.byteLength(text)).toBeLessThan(MAX_INPUT_BYTES);
});

test('Progress fits into one payload too, and has the first 500 failures.', () => {
  const progress = viewProgress(fullest());
  expect(progress.failures).toHaveLength(500);
  expect(Buffer.byteLength(JSON.stringify(progress))).toBeLessThan(MAX_INPUT_BYTES);
});

test('A state of an unknown version is refused.', () => {
  expect(() => unpackCampaign({ ...packCampaign(fullest()), schemaVersion: 2 as never })).toThrow('schemaVersion');
});

/** Every name and every sentence is as long as it may be, and nothing is at its default. */
function fullest(): CampaignState {
  const long = 'x'.repeat(200);
  const settings = parseCampaign({ ...INPUT, by: long, reason: long, where: 'x'.repeat(1_000), patience: '1h' });
  const state = createCampaign(settings, '0195d3c8-7a52-7c11-9d3e-2b8f0a6c4e1d', START);
  const owner = 'o'.repeat(40);
  state.records = Array.from({ length: MAX_WORKSPACES }, (_, index) => {
    const record = newRecord(`${owner}/${String(index).padStart(40, 'n')}`);
    const isFailed = index < 600;
    Object.assign(record, { verdict: 'rebuild', build: 1_000 });
    if (isFailed) finishRecord(record, 'failed', 'é'.repeat(1_000), index < 500);
    else if (index % 2 === 0) finishRecord(record, 'inconclusive', 'é'.repeat(1_000));
    else
      Object.assign(record, {
        state: 'waiting',
        because: 'y'.repeat(45),
        until: START,
        againAt: START,
        isWarned: true,
        tries: 3,
        renewAt: START,
      });
    return record;
  });
  return state;
}
