import fc from 'fast-check';
import type { CampaignProgress } from '../../../../src/contract/campaign';
import type { WorkspaceFacts } from '../../../../src/contract/internal/campaign';
import { takeCampaignSignal } from '../../../../src/workflows/campaign/rules/control';
import { viewProgress } from '../../../../src/workflows/campaign/rules/view';
import { CampaignSimulator, factsOf, type SimulatedWorkspace, START } from '../../../support/workflows/campaign-simulator';

const MINUTE_MS = 60_000;
const IN_USE = factsOf({ lastAccessAt: START - MINUTE_MS });
const OFF = factsOf({ state: 'off' });
const many = (count: number, workspace: Partial<SimulatedWorkspace> = {}) =>
  Array.from({ length: count }, (_, index): [string, Partial<SimulatedWorkspace>] => [
    `ada/w${String(index).padStart(4, '0')}`,
    workspace,
  ]);
const sumOf = ({ done, failed, marked, skipped, inconclusive, pending }: CampaignProgress) =>
  done + failed + marked + skipped + inconclusive + pending;
const progressOf = ({ state }: CampaignSimulator) => viewProgress(state);

test('Each running workspace is rebuilt once, the others are marked, and closed workflows are left alone.', () => {
  const gone = factsOf({ state: 'ended', organization: '' });
  const foreign = factsOf({ organization: 'other' });
  const simulator = new CampaignSimulator([
    ...many(5),
    ['bob/off', { facts: OFF }],
    ['bob/error', { facts: factsOf({ state: 'error' }) }],
    ['bob/gone', { facts: gone }],
    ['bob/foreign', { facts: foreign }],
  ]).play();
  expect(progressOf(simulator)).toMatchObject({ total: 9, done: 5, marked: 2, skipped: 2, pending: 0, failed: 0 });
  const touched = [...simulator.workspaces.values()].map(({ rebuilds, marks }) => rebuilds + marks);
  expect(touched).toEqual([1, 1, 1, 1, 1, 1, 1, 0, 0]);
});

test('A failed canary stops the campaign before anything else is rebuilt, marked, or announced.', () => {
  const simulator = new CampaignSimulator(
    [['aaa/canary', { end: 'failed' }], ...many(3), ['bob/off', { facts: OFF }], ['bob/used', { facts: IN_USE }]],
    { maxFailures: 5, atOnce: 20 },
  ).play();
  expect(progressOf(simulator)).toMatchObject({ state: 'stopped', because: 'a canary failed', failed: 1, done: 0, pending: 5 });
  const others = [...simulator.workspaces].filter(([name]) => name !== 'aaa/canary').map(([, it]) => it);
  expect(others.map(({ rebuilds, marks, announcements }) => rebuilds + marks + announcements)).toEqual([0, 0, 0, 0, 0]);
});

test('Where the only running workspace fails, nothing is marked.', () => {
  const simulator = new CampaignSimulator([
    ['ada/canary', { end: 'failed' }],
    ['bob/off', { facts: OFF }],
  ]).play();
  expect(progressOf(simulator)).toMatchObject({ state: 'stopped', failed: 1, marked: 0, pending: 1 });
});

test('Where nothing runs there is no canary, and everything is marked.', () => {
  const simulator = new CampaignSimulator(many(3, { facts: OFF })).play();
  expect(progressOf(simulator)).toMatchObject({ total: 3, marked: 3, pending: 0 });
});

test('As many canaries as are wanted succeed before the others begin.', () => {
  const simulator = new CampaignSimulator(many(10), { canary: 3, atOnce: 5 });
  const peaks: number[] = [];
  simulator.meanwhile = ({ state, peak }) => {
    if (viewProgress(state).done < 3) peaks.push(peak);
  };
  simulator.play();
  expect(Math.max(...peaks)).toBe(3);
  expect([simulator.peak, progressOf(simulator).done]).toEqual([5, 10]);
});

test('The campaign stops at the number of failures that it may have, and awaits what is under way.', () => {
  const simulator = new CampaignSimulator([['aaa/canary', {}], ...many(20, { end: 'failed' })], {
    atOnce: 4,
    maxFailures: 3,
  }).play();
  const { state, done, failed, pending, building, failures } = progressOf(simulator);
  expect({ state, done, building }).toEqual({ state: 'stopped', done: 1, building: 0 });
  // Three failed, and at most three more were under way by then.
  expect(failed).toBeGreaterThanOrEqual(3);
  expect(failed).toBeLessThanOrEqual(6);
  expect(failures).toHaveLength(failed);
  expect(done + failed + pending).toBe(21);
});

test('A workspace in use is waited for without a slot, warned, and rebuilt when the patience has run out.', () => {
  const simulator = new CampaignSimulator([['aaa/used', { facts: { ...IN_USE } }], ...many(4)], { atOnce: 1, patience: '15m' });
  const used = simulator.workspaces.get('aaa/used');
  let rebuiltAt = 0;
  let doneMeanwhile = 0;
  simulator.meanwhile = ({ now, state }) => {
    if (!used) return;
    if (used.rebuilds === 0) used.facts = { ...used.facts, lastAccessAt: now - 1_000 };
    else if (rebuiltAt === 0) {
      rebuiltAt = now;
      doneMeanwhile = viewProgress(state).done;
    }
  };
  simulator.play();
  expect(progressOf(simulator)).toMatchObject({ done: 5, pending: 0 });
  expect([used?.warnings, doneMeanwhile]).toEqual([1, 4]);
  expect(rebuiltAt - START).toBeGreaterThanOrEqual(15 * MINUTE_MS);
  expect(rebuiltAt - START).toBeLessThan(16 * MINUTE_MS);
});

test('A workspace in use is rebuilt as soon as it was not accessed for ten minutes, without a warning.', () => {
  const simulator = new CampaignSimulator([['aaa/used', { facts: IN_USE }], ...many(1)]).play();
  expect(simulator.workspaces.get('aaa/used')).toMatchObject({ rebuilds: 1, warnings: 0 });
  expect(simulator.now - START).toBeLessThan(11 * MINUTE_MS);
});

test('Where all are in use the canary is the first that is waited for.', () => {
  const simulator = new CampaignSimulator(many(3, { facts: IN_USE, end: 'failed' }), { atOnce: 3 }).play();
  expect(progressOf(simulator)).toMatchObject({ state: 'stopped', failed: 1, pending: 2, waiting: 0 });
  expect([...simulator.workspaces.values()].map(({ rebuilds }) => rebuilds)).toEqual([1, 0, 0]);
});

test('A workspace that another campaign rebuilds is waited for, and marked when the patience has run out.', () => {
  const held = factsOf({ state: 'building', isForced: true });
  const simulator = new CampaignSimulator([['aaa/held', { facts: held }], ...many(2)]).play();
  expect(progressOf(simulator)).toMatchObject({ done: 2, marked: 1, pending: 0 });
  expect(simulator.now - START).toBeGreaterThanOrEqual(15 * MINUTE_MS);
});

test('An unknown result pauses the campaign, which goes on when it is resumed.', () => {
  const simulator = new CampaignSimulator([['aaa/canary', {}], ['aab/lost', { end: 'inconclusive' }], ...many(6)], {
    atOnce: 1,
  }).play();
  expect(progressOf(simulator)).toMatchObject({ state: 'paused', inconclusive: 1, done: 1, pending: 6 });
  takeCampaignSignal(simulator.state, 'resume', {}, simulator.now);
  simulator.play();
  expect(progressOf(simulator)).toMatchObject({ inconclusive: 1, done: 7, pending: 0 });
});

test('A workspace that never answers keeps its slot for some minutes, and then counts as unknown.', () => {
  const simulator = new CampaignSimulator([...many(2), ['zoe/silent', { silences: 1_000 }]]).play();
  expect(progressOf(simulator)).toMatchObject({ state: 'paused', inconclusive: 1, done: 2 });
  expect(simulator.now - START).toBeGreaterThan(MINUTE_MS);
});

test('A dry run judges every workspace as the run does, and touches none.', () => {
  const workspaces = (): [string, Partial<SimulatedWorkspace>][] => [
    ...many(150),
    ['bob/off', { facts: OFF }],
    ['bob/used', { facts: IN_USE }],
    ['bob/foreign', { facts: factsOf({ organization: 'other' }) }],
  ];
  const dry = new CampaignSimulator(workspaces(), { dryRun: true }).play();
  const run = new CampaignSimulator(workspaces(), { atOnce: 20 }).play();
  const verdicts = ({ state }: CampaignSimulator) => state.records?.map(({ workspace, verdict }) => [workspace, verdict]);
  expect(verdicts(dry)).toEqual(verdicts(run));
  expect(progressOf(dry)).toMatchObject({ done: 0, pending: 153, verdicts: { rebuild: 150, mark: 1, wait: 1, skip: 1 } });
  const touched = [...dry.workspaces.values()].filter(
    ({ rebuilds, marks, announcements }) => rebuilds + marks + announcements > 0,
  );
  expect(touched).toEqual([]);
});

test('A pause begins nothing, a cancel takes announcements back, and both let rebuilds under way end.', () => {
  const simulator = new CampaignSimulator([...many(5), ['bob/used', { facts: IN_USE }]], { atOnce: 2, patience: '1h' });
  let isCancelled = false;
  simulator.meanwhile = ({ state, workspaces, now }) => {
    const used = workspaces.get('bob/used');
    if (used) used.facts = { ...used.facts, lastAccessAt: now };
    if (used?.announcements && !isCancelled) {
      takeCampaignSignal(state, 'cancel', { by: 'root' }, now);
      isCancelled = true;
    }
  };
  simulator.play();
  expect(progressOf(simulator)).toMatchObject({ state: 'cancelled', because: 'cancelled by root', building: 0, waiting: 0 });
  expect(simulator.workspaces.get('bob/used')).toMatchObject({ rebuilds: 0, announcements: 0 });
});

test('Whatever happens, slots are never exceeded, nothing is rebuilt twice, and the sums are right at every moment.', () => {
  const workspace = fc.record({
    facts: fc.record<WorkspaceFacts>({
      organization: fc.constantFrom('acme', 'acme', 'acme', 'other'),
      state: fc.constantFrom('running', 'running', 'running', 'off', 'building', 'error', 'deleted', 'ended'),
      lastAccessAt: fc.option(fc.integer({ min: START - 20 * MINUTE_MS, max: START })),
      isForced: fc.constant(false),
    }),
    end: fc.constantFrom<SimulatedWorkspace['end'][]>('done', 'done', 'done', 'failed', 'taken-back', 'gone', 'inconclusive'),
    silences: fc.constantFrom(0, 0, 0, 2, 9),
  });
  const settings = fc.record({
    atOnce: fc.integer({ min: 1, max: 6 }),
    maxFailures: fc.integer({ min: 1, max: 4 }),
    canary: fc.integer({ min: 1, max: 4 }),
    patience: fc.constantFrom('0s', '1m', '15m'),
  });
  const events = fc.array(fc.constantFrom('pause', 'resume', 'cancel', 'hand-over', 'access', 'none', 'none'), { maxLength: 60 });
  fc.assert(
    fc.property(fc.array(workspace, { maxLength: 25 }), settings, events, (workspaces, input, happening) => {
      const names = workspaces.map((it, index): [string, Partial<SimulatedWorkspace>] => [`ada/w${index}`, { ...it }]);
      const simulator = new CampaignSimulator(names, input);
      simulator.meanwhile = (it) => happen(it, happening.shift());
      simulator.play();
      for (let resumed = 0; simulator.state.phase === 'paused' && resumed < 50; resumed += 1) {
        takeCampaignSignal(simulator.state, 'resume', {}, simulator.now);
        simulator.play();
      }
      expect(simulator.peak).toBeLessThanOrEqual(input.atOnce);
      const all = [...simulator.workspaces.values()];
      expect(Math.max(0, ...all.map(({ rebuilds }) => rebuilds))).toBeLessThanOrEqual(1);
      expect(all.filter(({ facts, rebuilds, marks }) => facts.organization === 'other' && rebuilds + marks > 0)).toEqual([]);
      const { state, pending, building } = progressOf(simulator);
      expect(building).toBe(0);
      if (state === 'running') expect(pending).toBe(0);
    }),
    { numRuns: 1_000 },
  );
});

function happen(simulator: CampaignSimulator, event: string | undefined): void {
  const { state, now } = simulator;
  const progress = viewProgress(state);
  expect(sumOf(progress)).toBe(progress.total);
  if (event === 'pause' || event === 'resume' || event === 'cancel') takeCampaignSignal(state, event, {}, now);
  if (event === 'hand-over') simulator.handOver();
  if (event !== 'access') return;
  for (const it of simulator.workspaces.values()) if (it.facts.state === 'running') it.facts = { ...it.facts, lastAccessAt: now };
}
