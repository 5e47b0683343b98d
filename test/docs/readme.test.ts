/** What README shows of the program is what the program prints. */
import { viewExplain } from '../../src/workflows/workspace/rules/view/explain';
import { fakeClient, run } from '../support/cli/command-line';
import { readDocument, samplesOf } from '../support/documents';
import { Simulator } from '../support/workflows/simulator';
import { policyWith, SECOND_MS } from '../support/workflows/state-builders';

const INSTANT = /\d{4}-\d{2}-\d{2}T[\d:.]+Z/;

test('README shows an explanation as `perennial explain` prints it.', async () => {
  const sample = samplesOf(readDocument('README.md')).find(({ text }) => text.includes('History\n'))?.text ?? '';
  const [createdAt, runningAt] = (/^History\n.*/ms.exec(sample)?.[0] ?? '').split('\n').flatMap(instantOf);
  const simulator = new Simulator({ by: 'ada' }, { policy: policyWith(), now: createdAt ?? 0 }).admit();
  simulator.meanwhile = () => {
    // The simulator lets each step take a second.
    simulator.now = (runningAt ?? 0) - SECOND_MS;
    return undefined;
  };
  simulator.settle();
  const { state, now } = simulator;
  const client = fakeClient({ workspace: { explain: async () => viewExplain(state, now) } });
  expect(await run(['explain', 'ada/dev'], { client, now: () => now })).toEqual({ code: 0, out: sample, error: '' });
});

function instantOf(line: string): number[] {
  const [instant] = INSTANT.exec(line) ?? [];
  return instant === undefined ? [] : [Date.parse(instant)];
}
