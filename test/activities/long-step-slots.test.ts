/** Hooks beyond the limit of a worker return their slot, which does not count as an attempt. */
import type { Info } from '@temporalio/activity';
import { createSlots } from '../../src/activities/long-step-slots';
import { runStep, type StepHeartbeat } from '../../src/activities/run-step';
import { DEADLINE, quietEnvironment } from '../support/fake-client';

const MESSAGE = 'the step waits for a slot among the 1 hooks that this worker runs at once';

/** One attempt, with its heartbeats. */
function attempt<T>(work: () => Promise<T>, info: Partial<Info> = {}) {
  const environment = quietEnvironment(info);
  const heartbeats: StepHeartbeat[] = [];
  environment.on('heartbeat', (details: StepHeartbeat) => heartbeats.push(details));
  return { heartbeats, end: environment.run(work) as Promise<T> };
}

test('A hook without a free slot is refused immediately, with exponential backoff, and uses none of the deadline.', async () => {
  const slots = createSlots(1, 'hooks that this worker runs');
  let end = () => {};
  const first = slots(() => new Promise<void>((resolve) => (end = resolve)));
  const pauses = [];
  let known: StepHeartbeat = { waitingFor: 'configure', usedMs: 700 };
  for (let number = 1; number <= 8; number += 1) {
    const { heartbeats, end: refused } = attempt(() => slots(async () => 'ran'), { attempt: number, heartbeatDetails: known });
    const failure = (await refused.catch((error: unknown) => error)) as { nextRetryDelay: number };
    expect(failure).toMatchObject({ type: 'NoCapacity', nonRetryable: false, message: MESSAGE });
    known = heartbeats.at(-1) ?? known;
    expect(known).toMatchObject({ usedMs: 700, refusals: number });
    pauses.push(Math.round(failure.nextRetryDelay));
  }
  expect(pauses).toEqual([1_000, 1_500, 2_250, 3_375, 5_063, 7_594, 10_000, 10_000]);
  end();
  await first;
  const work = () => slots(() => runStep({ deadline: DEADLINE, waitingFor: 'configure' }, async () => 'ran'));
  const result = await attempt(work, { attempt: 9, heartbeatDetails: known }).end;
  expect(result).toMatchObject({ value: 'ran', attempt: 1 });
  expect(result.tookMs).toBeGreaterThanOrEqual(700);
});

test('A slot is free again, however the hook before ended.', async () => {
  const slots = createSlots(1, 'hooks that this worker runs');
  await expect(slots(() => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  expect(await slots(async () => 'ran')).toBe('ran');
});
