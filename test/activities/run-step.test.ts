/** What all steps of a build share: heartbeats, the deadline and its arithmetic, pauses, and the two kinds of failure. */
import type { Info } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import {
  type BuildFailureDetails,
  type Deadline,
  runStep,
  type StepHeartbeat,
  type StepResult,
} from '../../src/activities/run-step';
import { type FailureType, FINAL_TYPES, INTERNAL_TYPES, TEMPORARY_TYPES } from '../../src/contract/failure-types';
import { RuntimeFailure } from '../../src/runtimes/failure';
import type { Progress } from '../../src/runtimes/runtime';
import { quietEnvironment } from '../support/fake-client';

const HOUR: Deadline = { text: '1h', totalMs: 3_600_000, spentMs: 0 };

interface Attempt {
  deadline?: Deadline;
  info?: Partial<Info>;
  work: (progress: Progress) => Promise<unknown>;
}

/** Runs one attempt of a step, and keeps what it sent with its heartbeats. */
function attempt({ deadline = HOUR, info = {}, work }: Attempt) {
  const environment = quietEnvironment(info);
  const heartbeats: StepHeartbeat[] = [];
  environment.on('heartbeat', (details: StepHeartbeat) => heartbeats.push(details));
  const result = environment.run(() => runStep({ deadline, waitingFor: 'the test' }, work)) as Promise<StepResult>;
  return { environment, heartbeats, result, failure: () => failureOf(result) };
}

async function failureOf(result: Promise<unknown>): Promise<ApplicationFailure | CancelledFailure> {
  const error = await result.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  throw new Error(`expected a failure of the step, got ${String(error)}`);
}

const detailsOf = (failure: ApplicationFailure | CancelledFailure) => failure.details?.[0] as BuildFailureDetails;
const untilAborted = ({ signal }: Progress) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
const throwing = (type: FailureType, details?: unknown) => async () => {
  throw new RuntimeFailure(type, `${type} it is`, { details });
};

test('The heartbeat says what the step waits for, as it changes, at most 500 characters of it.', async () => {
  let goOn = (_sentence: string) => {};
  let end = () => {};
  const { environment, heartbeats, result } = attempt({
    work: ({ waitingFor }) => {
      goOn = waitingFor;
      return new Promise<void>((resolve) => {
        end = resolve;
      });
    },
  });
  const nextHeartbeat = () => new Promise((resolve) => environment.once('heartbeat', resolve));
  await nextHeartbeat();
  goOn('a node '.repeat(100));
  await nextHeartbeat();
  end();
  await result;
  const usedMs = expect.any(Number);
  expect(heartbeats).toEqual([
    { waitingFor: 'the test', usedMs },
    { waitingFor: `${'a node '.repeat(100).slice(0, 499)}…`, usedMs },
  ]);
});

test('A step that is over at once sends no heartbeat, which would only cost the server a write.', async () => {
  const { heartbeats, result } = attempt({ work: async () => 'done' });
  await result;
  expect(heartbeats).toEqual([]);
});

test('The result says how long the step took with all its attempts, and which attempt it was.', async () => {
  const info = { attempt: 3, heartbeatDetails: { waitingFor: 'a node', usedMs: 60_000 } };
  const result = await attempt({ info, work: async () => 'done' }).result;
  expect(result).toEqual({ value: 'done', attempt: 3, tookMs: expect.any(Number) });
  expect(result.tookMs).toBeGreaterThanOrEqual(60_000);
  expect(result.tookMs).toBeLessThan(90_000);
});

test.each([
  ['earlier steps', { ...HOUR, spentMs: 3_600_000 }, undefined],
  ['earlier attempts', HOUR, { waitingFor: 'a node', usedMs: 3_600_000 }],
  ['both together', { ...HOUR, spentMs: 1_800_000 }, { waitingFor: 'a node', usedMs: 1_800_000 }],
])('A deadline that %s have used up ends the build before anything is done.', async (_, deadline, heartbeatDetails) => {
  const work = jest.fn();
  const failure = await attempt({ deadline, info: { attempt: 2, heartbeatDetails }, work }).failure();
  expect(failure).toMatchObject({ type: 'BuildTimedOut', nonRetryable: true });
  expect(failure.message).toContain(`deadline of 1h passed; last it waited for: ${heartbeatDetails?.waitingFor ?? 'the test'}`);
  expect(work).not.toHaveBeenCalled();
});

test('A deadline that passes in the middle of the work aborts it and ends the build, with what it waited for.', async () => {
  const startedAt = Date.now();
  const failure = await attempt({
    deadline: { text: '30m', totalMs: 10_000, spentMs: 9_000 },
    info: { heartbeatDetails: { waitingFor: 'x', usedMs: 700 } },
    work: (progress) => {
      progress.waitingFor('a node with room');
      return untilAborted(progress);
    },
  }).failure();
  expect(failure).toMatchObject({ type: 'BuildTimedOut', nonRetryable: true });
  expect(failure.message).toBe("the build's deadline of 30m passed; last it waited for: a node with room");
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(295);
  expect(detailsOf(failure).tookMs).toBeGreaterThanOrEqual(995);
});

test('A deadline longer than any timer of Node does not end the step at once.', async () => {
  const deadline = { text: '365d', totalMs: 365 * 86_400_000, spentMs: 0 };
  expect((await attempt({ deadline, work: async () => 'done' }).result).value).toBe('done');
});

test.each(TEMPORARY_TYPES)('%s is retried, and the pause counts for the deadline of the next attempt.', async (type) => {
  const { heartbeats, failure } = attempt({ work: throwing(type) });
  expect(await failure()).toMatchObject({ type, nonRetryable: false, nextRetryDelay: 1_000, message: `${type} it is` });
  expect(heartbeats.at(-1)).toEqual({ waitingFor: `another attempt after ${type}: ${type} it is`, usedMs: expect.any(Number) });
  expect(heartbeats.at(-1)?.usedMs).toBeGreaterThanOrEqual(1_000);
});

test.each([...FINAL_TYPES, ...INTERNAL_TYPES])('%s is never retried by the activity.', async (type) => {
  const failure = await attempt({ info: { attempt: 2 }, work: throwing(type, { found: 7, counted: false }) }).failure();
  expect(failure).toMatchObject({ type, nonRetryable: true });
  expect(detailsOf(failure)).toEqual({ attempt: 2, tookMs: expect.any(Number), found: 7, counted: false });
});

test('A fault that is no failure of a runtime is retried as RuntimeUnavailable.', async () => {
  const work = async () => {
    throw new TypeError('x is undefined');
  };
  expect(await attempt({ work }).failure()).toMatchObject({
    type: 'RuntimeUnavailable',
    nonRetryable: false,
    message: 'x is undefined',
  });
});

test.each([
  [1, 1_000],
  [2, 1_500],
  [3, 2_250],
  [7, 11_390.625],
  [8, 15_000],
  [500, 15_000],
])('After attempt %i the pause is %i ms.', async (number, pauseMs) => {
  const failure = await attempt({ info: { attempt: number }, work: throwing('NoCapacity') }).failure();
  expect(failure).toMatchObject({ nextRetryDelay: pauseMs });
});

test('No pause goes past the deadline, so that the build ends when it says.', async () => {
  const deadline = { text: '10s', totalMs: 10_000, spentMs: 9_500 };
  const { heartbeats, failure } = attempt({ deadline, info: { attempt: 8 }, work: throwing('NoCapacity') });
  const { nextRetryDelay } = (await failure()) as ApplicationFailure;
  expect(nextRetryDelay).toBeGreaterThan(300);
  expect(nextRetryDelay).toBeLessThanOrEqual(500);
  expect(heartbeats.at(-1)?.usedMs).toBeGreaterThanOrEqual(500);
});

test('A cancelled step stops observing and says how much of the deadline it used.', async () => {
  const info = { attempt: 2, heartbeatDetails: { waitingFor: 'a node', usedMs: 5_000 } };
  const { environment, failure } = attempt({ info, work: untilAborted });
  environment.cancel('CANCELLED');
  const cancelled = await failure();
  expect(cancelled).toBeInstanceOf(CancelledFailure);
  expect(detailsOf(cancelled)).toEqual({ attempt: 2, tookMs: expect.any(Number) });
  expect(detailsOf(cancelled).tookMs).toBeGreaterThanOrEqual(5_000);
});
