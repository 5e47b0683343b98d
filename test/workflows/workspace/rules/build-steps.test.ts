/** Requests, ends of steps, and hand-overs in every order: an answered request holds, however the current step ends. */
import fc from 'fast-check';
import { FINAL_TYPES, INTERNAL_TYPES, TEMPORARY_TYPES } from '../../../../src/contract/failure-types';
import type { Outcome } from '../../../../src/contract/payloads';
import { Refusal } from '../../../../src/workflows/input/refusal';
import { requestBuild, requestDelete, requestRestore, requestStop } from '../../../../src/workflows/workspace/rules/requests';
import { currentBuild, type State } from '../../../../src/workflows/workspace/rules/state';
import type { Simulator, StepOutcome } from '../../../support/workflows/simulator';
import { created, inColumn, off, path } from '../../../support/workflows/state-builders';

type Request = 'start' | 'rebuild' | 'other rebuild' | 'stop' | 'cancelBuild' | 'delete' | 'restore';
const REQUESTS: Record<Request, (state: State, now: number) => { outcome: Outcome }> = {
  start: (state, now) => requestBuild(state, 'start', {}, now),
  rebuild: (state, now) => requestBuild(state, 'rebuild', {}, now),
  'other rebuild': (state, now) => requestBuild(state, 'rebuild', { env: { A: String(now) } }, now),
  stop: (state, now) => requestStop(state, 'stop', {}, now),
  cancelBuild: (state, now) => requestStop(state, 'cancelBuild', {}, now),
  delete: (state, now) => requestDelete(state, {}, now),
  restore: (state, now) => requestRestore(state, {}, now),
};
const NAMES = Object.keys(REQUESTS) as Request[];
const ENDS: StepOutcome[] = ['done', 'warning', ...TEMPORARY_TYPES, ...FINAL_TYPES, ...INTERNAL_TYPES];
/** A lost worker or a failure that the server would have retried without a cancel request. */
const TEMPORARY: StepOutcome[] = [...TEMPORARY_TYPES];

/** What happens in the middle of one step, and how that step then ends. */
interface Event {
  requests: Request[];
  handOver: boolean;
  end: StepOutcome;
}
const event: fc.Arbitrary<Event> = fc.record({
  requests: fc.array(fc.constantFrom(...NAMES), { maxLength: 3 }),
  handOver: fc.boolean(),
  end: fc.constantFrom(...ENDS),
});

test('Whatever is requested in the middle of a step, and however the step ends, the state follows the last answer.', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), (events) => {
      const simulator = created();
      const leadsTo = play(simulator, events);
      const { state } = simulator;
      expect(chainOf(state)).toEqual([]);
      expect(state.purgeAt !== null).toBe(state.phase === 'deleted');
      if (leadsTo === 'deleted' || leadsTo === 'off') expect(state.phase).toBe(leadsTo);
      else expect(['running', 'error']).toContain(state.phase);
      for (const { failure } of state.builds) expect(TEMPORARY).not.toContain(failure?.type);
    }),
    { numRuns: 500 },
  );
});

const ENDINGS = [
  ['stop', 'off', 'manual-stop'],
  ['cancelBuild', 'off', 'build-cancelled'],
  ['delete', 'deleted', 'delete'],
] as const;
test.each(ENDINGS.flatMap((ending) => ENDS.map((end) => [...ending, end] as const)))(
  'A %s in the middle of a step leads to %s by the cause %s, though the step then ends with %s.',
  (name, to, cause, end) => {
    for (const stepIndex of [0, 1, 2, 3, 4]) {
      const simulator = created();
      const before: Event[] = Array.from({ length: stepIndex }, () => ({ requests: [], handOver: false, end: 'done' }));
      play(simulator, [...before, { requests: [name], handOver: false, end }]);
      const lost = end === 'StaleBuild' ? path(simulator.state, 1).slice(0, 2) : path(simulator.state, 1);
      expect(lost).toEqual([`building→turning-off ${cause}`, `turning-off→${to} ${cause}`]);
      expect(simulator.state.builds[0]?.failure).toBeNull();
    }
  },
);

test.each(ENDS.filter((end) => end !== 'StaleBuild'))(
  'A build that is superseded ends as cancelled, though its step ends with %s.',
  (end) => {
    const simulator = created();
    play(simulator, [{ requests: ['other rebuild'], handOver: false, end }]);
    expect(path(simulator.state, 1)).toEqual([
      'building→off build-cancelled',
      'off→building manual-rebuild',
      'building→running build-finished',
    ]);
  },
);

test.each(TEMPORARY)(
  'A hand-over in the middle of a step that fails with %s continues the step: no failure, no warning.',
  (end) => {
    const simulator = created();
    play(
      simulator,
      Array.from({ length: 5 }, () => ({ requests: [], handOver: true, end })),
    );
    expect(path(simulator.state)).toEqual(['off→building created', 'building→running build-finished']);
    expect(simulator.state.builds[0]).toMatchObject({ failure: null, warnings: [], spentMs: 5 * 1_000 + 3 * 1_000 });
  },
);

test('A scheduled build that a person asks for continues, though its first step fails at that moment.', () => {
  const simulator = off({ autoStart: { time: '08:00', timeZone: 'UTC' } });
  simulator.outcomes = ['RuntimeUnavailable'];
  simulator.meanwhile = (step) => {
    if (step.name === 'admit') requestBuild(simulator.state, 'start', { by: 'eve' }, simulator.now);
    return undefined;
  };
  simulator.advanceTo(Date.parse('2026-03-02T08:00:00.000Z'));
  expect(path(simulator.state).slice(-2)).toEqual(['off→building auto-start', 'building→running build-finished']);
});

test('A final failure during a hand-over fails the build.', () => {
  const simulator = created();
  play(simulator, [{ requests: [], handOver: true, end: 'ImageNotFound' }]);
  expect(path(simulator.state, 1)).toEqual(['building→error build-failed']);
});

test('The time of a step until its pod was lost counts against the deadline, also for an uncounted loss.', () => {
  const simulator = created();
  simulator.outcomes = ['done', 'done', 'PodLost', 'PodLost', 'done', 'done', 'PodLost'];
  simulator.settle();
  // Of the hooks nothing counts: they have a time limit of their own.
  expect(simulator.state.builds[0]).toMatchObject({ failure: null, restarts: 3, spentMs: 6 * 1_000 });
});

test('A delete of a build that has failed, while it is cleaned up, is a delete.', () => {
  const simulator = inColumn('building');
  simulator.outcomes = ['failed'];
  while (simulator.state.ending === null) simulator.turn();
  requestDelete(simulator.state, {}, simulator.now);
  simulator.settle();
  expect(path(simulator.state, 1)).toEqual(['building→turning-off delete', 'turning-off→deleted delete']);
});

/** Runs the events, one for each step, and then steps without faults. Returns where the last accepted request leads. */
function play(simulator: Simulator, events: Event[]): 'off' | 'deleted' | 'built' {
  let leadsTo: 'off' | 'deleted' | 'built' = 'built';
  const waiting = [...events];
  simulator.meanwhile = () => {
    const next = waiting.shift();
    simulator.outcomes = [next?.end ?? 'done'];
    for (const name of next?.requests ?? []) leadsTo = ask(simulator, name) ?? leadsTo;
    return next?.handOver ? 'hand-over' : undefined;
  };
  simulator.settle();
  return leadsTo;
}

function ask({ state, now }: Simulator, name: Request): 'off' | 'deleted' | 'built' | null {
  const wasDeleting = state.ending?.to === 'deleted';
  try {
    if (REQUESTS[name](state, now).outcome === 'already') return null;
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
  if (name === 'delete') return 'deleted';
  if (name === 'stop' || name === 'cancelBuild') return 'off';
  if (name === 'restore') return wasDeleting ? 'off' : null;
  return currentBuild(state) || state.next ? 'built' : null;
}

/** Neighbouring entries of the history that do not fit. */
function chainOf({ history }: State): string[] {
  return history.slice(1).flatMap(({ from, to }, index) => (history[index]?.to === from ? [] : [`${from}→${to}`]));
}
