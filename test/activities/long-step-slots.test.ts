/** Of more hooks than a worker may observe at once, the others give back their slot, and that is held against none of them. */
import type { Info } from '@temporalio/activity';
import { createSlots } from '../../src/activities/long-step-slots';
import { runStep, type StepHeartbeat } from '../../src/activities/run-step';
import { DEADLINE, quietEnvironment } from '../support/fake-client';

const MESSAGE = 'the step waits for a slot among the 1 hooks that this worker runs at once';

/** One attempt, with what it sent of itself. */
function attempt<T>(work: () => Promise<T>, info: Partial<Info> = {}) {
  const environment = quietEnvironment(info);
  const beats: StepHeartbeat[] = [];
  environment.on('heartbeat', (details: StepHeartbeat) => beats.push(details));
  return { beats, end: environment.run(work) as Promise<T> };
}

test('A hook that finds no place is refused at once, each time for longer, and uses none of the deadline.', async () => {
  const places = createSlots(1, 'hooks that this worker runs');
  let end = () => {};
  const first = places(() => new Promise<void>((resolve) => (end = resolve)));
  const pauses = [];
  let known: StepHeartbeat = { waitingFor: 'configure', usedMs: 700 };
  for (let number = 1; number <= 8; number += 1) {
    const { beats, end: refused } = attempt(() => places(async () => 'ran'), { attempt: number, heartbeatDetails: known });
    const failure = (await refused.catch((error: unknown) => error)) as { nextRetryDelay: number };
    expect(failure).toMatchObject({ type: 'NoCapacity', nonRetryable: false, message: MESSAGE });
    known = beats.at(-1) ?? known;
    expect(known).toMatchObject({ usedMs: 700, refusals: number });
    pauses.push(Math.round(failure.nextRetryDelay));
  }
  expect(pauses).toEqual([1_000, 1_500, 2_250, 3_375, 5_063, 7_594, 10_000, 10_000]);
  end();
  await first;
  const work = () => places(() => runStep({ deadline: DEADLINE, waitingFor: 'configure' }, async () => 'ran'));
  const result = await attempt(work, { attempt: 9, heartbeatDetails: known }).end;
  expect(result).toMatchObject({ value: 'ran', attempt: 1 });
  expect(result.tookMs).toBeGreaterThanOrEqual(700);
});

test('A place is free again however the hook before ended.', async () => {
  const places = createSlots(1, 'hooks that this worker runs');
  await expect(places(() => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  expect(await places(async () => 'ran')).toBe('ran');
});
