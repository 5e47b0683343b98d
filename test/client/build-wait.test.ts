import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { PendingStep } from '../../src/client';
import { waitForBuild } from '../../src/client/build-wait';
import type { BuildView, StatusView, StepView } from '../../src/contract/payloads';

const STEPS = ['admit', 'start-pod'] as const;

/** One look at the server: how long the history is, and the activity that is pending with what it waits for. */
interface Look {
  length: number;
  pending: [type: string, waitingFor: string] | null;
}

/** The build while this step runs, or, with null, when all have ended. */
function buildAt(running: (typeof STEPS)[number] | null): BuildView {
  const steps = STEPS.map((name) => ({ name, state: name === running ? 'running' : 'waiting', message: null }));
  return { number: 1, steps: steps as StepView[], endedAt: running === null ? '2027-03-01T10:00:00.000Z' : null } as BuildView;
}

/** Waits through these looks, the last of which stays, with what the workspace answers to each question. */
async function follow(looks: Look[], answers: BuildView[]): Promise<string[]> {
  const describe = async () => {
    const { length, pending } = (looks.length > 1 ? looks.shift() : looks[0]) as Look;
    const payloads = pending && [defaultPayloadConverter.toPayload({ waitingFor: pending[1] })];
    const pendingActivities = pending && [{ activityType: { name: pending[0] }, attempt: 1, heartbeatDetails: { payloads } }];
    return { status: { name: 'RUNNING' }, runId: 'run', historyLength: length, raw: { pendingActivities } };
  };
  const client = { workflow: { getHandle: () => ({ describe }) } } as unknown as Client;
  const handle = {
    workspace: 'ada/dev',
    status: async () => ({ state: 'building', build: answers.length > 1 ? answers.shift() : answers[0] }) as StatusView,
    build: async () => buildAt(null),
  };
  const shown: string[] = [];
  const onChange = ({ steps }: BuildView, pending: PendingStep | null) => {
    const running = steps.find(({ state }) => state === 'running')?.name ?? 'none';
    if (pending) shown.push(`${running}: ${pending.waitingFor}`);
  };
  await waitForBuild({ client, workflowId: 'workspace/ada/dev', handle, number: 1, options: { onChange, intervalMs: 1 } });
  return shown;
}

test('What a step waits for is never said of another step, whichever of the two was asked for first.', async () => {
  const looks: Look[] = [
    { length: 5, pending: ['admit', 'an admission'] },
    { length: 9, pending: ['startPod', 'a pod'] },
    { length: 9, pending: ['startPod', 'a pod'] },
    { length: 13, pending: null },
  ];
  // The second look comes before the workspace is asked again, the first one after it went on.
  const shown = await follow(looks, [buildAt('start-pod'), buildAt('start-pod'), buildAt(null)]);
  expect(shown).toEqual(['start-pod: a pod']);
});

test('While the workspace is not asked again, what the next step waits for is left out.', async () => {
  const looks: Look[] = [
    { length: 5, pending: ['admit', 'an admission'] },
    { length: 5, pending: ['admit', 'an admission'] },
    { length: 9, pending: ['startPod', 'a pod'] },
    { length: 9, pending: ['startPod', 'a pod'] },
    { length: 13, pending: null },
  ];
  const shown = await follow(looks, [buildAt('admit'), buildAt('start-pod'), buildAt(null)]);
  expect(shown).toEqual(['admit: an admission', 'start-pod: a pod']);
});
