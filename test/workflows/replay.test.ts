/** Replays recorded histories (`npm run record`) with the present workflows: a change that breaks running workspaces fails here. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { sharedBundle } from '../support/workflows/shared-bundle';
import { payloadConverterPath } from '../support/workflows/temporal-env';

interface Fixture {
  workflowId: string;
  events: RecordedEvent[];
}
interface RecordedEvent {
  activityTaskScheduledEventAttributes?: { activityType: { name: string } };
  markerRecordedEventAttributes?: object;
  workflowExecutionContinuedAsNewEventAttributes?: object;
  workflowExecutionSignaledEventAttributes?: object;
  workflowExecutionUpdateAcceptedEventAttributes?: object;
}

const FOLDER = path.join(__dirname, '..', 'fixtures', 'histories');
const NAMES = readdirSync(FOLDER).map((file) => path.basename(file, '.json'));
/** The event that each scenario has to contain. */
const SCENARIOS: [name: string, hasEvent: (event: RecordedEvent) => unknown][] = [
  ['day', (event) => isOf(event, 'lastLook')],
  ['rebuild-superseded', (event) => isOf(event, 'stopPod')],
  ['continue-as-new-before', (event) => event.workflowExecutionContinuedAsNewEventAttributes],
  ['continue-as-new-after', (event) => isOf(event, 'startPod')],
  ['cancel-build', (event) => isOf(event, 'stopPod')],
  ['delete-restore-purge', (event) => isOf(event, 'deleteHome')],
  ['pod-lost', (event) => event.workflowExecutionSignaledEventAttributes],
  ['build-failed', (event) => isOf(event, 'stopPod')],
  ['malformed-signals', (event) => event.workflowExecutionSignaledEventAttributes],
  ['configure-auto-start', (event) => event.markerRecordedEventAttributes],
  // Recorded before such a ref was refused, which no newer version can record.
  ['dotfiles-ref-without-uri', (event) => event.markerRecordedEventAttributes],
  ['secrets-before', (event) => isOf(event, 'injectSecrets')],
  ['secrets-after', (event) => isOf(event, 'refreshSecrets')],
  ['campaign-before', (event) => event.workflowExecutionContinuedAsNewEventAttributes],
  ['campaign-after', (event) => isOf(event, 'awaitBuilds')],
  ['campaign-workspace', (event) => event.workflowExecutionUpdateAcceptedEventAttributes],
  ['campaign-announced', (event) => event.markerRecordedEventAttributes],
  ['campaign-announced-workspace', (event) => event.workflowExecutionUpdateAcceptedEventAttributes],
  ['brief-hooks', (event) => event.markerRecordedEventAttributes],
  ['owner-before', (event) => event.workflowExecutionContinuedAsNewEventAttributes],
  ['owner-after', (event) => isOf(event, 'pushPolicy')],
  ['organization', (event) => isOf(event, 'pushPolicy')],
  ['watch', (event) => isOf(event, 'watch')],
];

beforeAll(() => {
  // The failures of the changed histories are expected.
  const logging = { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } as const;
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging } });
});

test.each(SCENARIOS)('The history %s contains the event of its scenario.', (name, hasEvent) => {
  expect(fixture(name).events.some(hasEvent)).toBe(true);
});

test('Every recorded history replays.', async () => {
  expect(NAMES.length).toBeGreaterThanOrEqual(SCENARIOS.length);
  const failures: string[] = [];
  for await (const { workflowId, error } of Worker.runReplayHistories(await options(), histories())) {
    if (error) failures.push(`${workflowId}: ${error.message}`);
  }
  expect(failures).toEqual([]);
});

test('No history with another activity than the recorded one replays.', async () => {
  const names = NAMES.filter((name) => fixture(name).events.some((event) => event.activityTaskScheduledEventAttributes));
  expect(names.length).toBeGreaterThan(SCENARIOS.length / 2);
  // One worker replays all, in order.
  const errors: (string | undefined)[] = [];
  for await (const { error } of Worker.runReplayHistories(await options(), names.map(withOtherActivity)))
    errors.push(error?.message);
  expect(errors).toEqual(names.map(() => expect.stringMatching(/somethingElse|determinis/i)));
});

function fixture(name: string): Fixture {
  return JSON.parse(readFileSync(path.join(FOLDER, `${name}.json`), 'utf8')) as Fixture;
}

function withOtherActivity(name: string) {
  const { workflowId, events } = fixture(name);
  const scheduled = events.find((event) => event.activityTaskScheduledEventAttributes)?.activityTaskScheduledEventAttributes;
  if (scheduled) scheduled.activityType.name = 'somethingElse';
  return { workflowId, history: historyFromJSON({ events }) };
}

function* histories() {
  for (const name of NAMES) {
    const { workflowId, events } = fixture(name);
    yield { workflowId, history: historyFromJSON({ events }) };
  }
}

async function options() {
  return { workflowBundle: await sharedBundle(), dataConverter: { payloadConverterPath } };
}

function isOf({ activityTaskScheduledEventAttributes: scheduled }: RecordedEvent, name: string): boolean {
  return scheduled?.activityType.name === name;
}
