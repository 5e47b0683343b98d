/** What a campaign announces to workspaces in use. */
import { takeCampaignSignal } from '../../../../src/workflows/campaign/rules/control';
import { decide } from '../../../../src/workflows/campaign/rules/decide';
import { newRecord } from '../../../../src/workflows/campaign/rules/state';
import { viewProgress } from '../../../../src/workflows/campaign/rules/view';
import { CampaignSimulator, factsOf, type SimulatedWorkspace, START } from '../../../support/workflows/campaign-simulator';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const IN_USE = factsOf({ lastAccessAt: START - MINUTE_MS });
const IDLE: [string, Partial<SimulatedWorkspace>][] = [
  ['ada/w0', {}],
  ['ada/w1', {}],
];
const progressOf = ({ state }: CampaignSimulator) => viewProgress(state);

test('The announcement of a workspace that is waited for is repeated before it ends.', () => {
  const simulator = new CampaignSimulator([['aaa/used', { facts: { ...IN_USE } }], ...IDLE], { patience: '3h' });
  const used = simulator.workspaces.get('aaa/used');
  const announcedAt: number[] = [];
  simulator.meanwhile = ({ now }) => {
    if (!used) return;
    if (used.announcements > announcedAt.length) announcedAt.push(now);
    if (used.rebuilds === 0) used.facts = { ...used.facts, lastAccessAt: now - 1_000 };
  };
  simulator.play();
  expect(progressOf(simulator)).toMatchObject({ done: 3, pending: 0 });
  const gaps = announcedAt.slice(1).map((at, index) => at - (announcedAt[index] ?? 0));
  expect(gaps.length).toBeGreaterThanOrEqual(8);
  expect(Math.max(...gaps)).toBeLessThan(30 * MINUTE_MS);
});

test('A free slot never waits for announcements to be repeated.', () => {
  const { state } = new CampaignSimulator([]);
  const ready = { ...newRecord('ada/ready'), next: 'rebuild' as const };
  const used = { ...newRecord('ada/used'), state: 'waiting' as const, againAt: START + MINUTE_MS, until: START + HOUR_MS };
  const announced = { ...used, renewAt: START };
  state.records = [ready, announced];
  expect(decide(state, START)).toEqual({ do: 'rebuild', workspaces: ['ada/ready'] });
  state.records = [{ ...ready, state: 'done' }, announced];
  expect(decide(state, START)).toEqual({ do: 'renew', workspaces: ['ada/used'] });
});

test('What a run of an earlier version announced is neither repeated nor taken back where that run did not.', () => {
  const { state } = new CampaignSimulator([]);
  const out = { ...newRecord('ada/out'), next: 'rebuild' as const, until: START };
  const used = { ...newRecord('ada/used'), state: 'waiting' as const, againAt: START + MINUTE_MS, until: START + HOUR_MS };
  state.records = [{ ...out, state: 'building', build: 2 }, used];
  expect(decide(state, START + 30 * MINUTE_MS).do).not.toBe('renew');
  state.records = [out];
  takeCampaignSignal(state, 'cancel', {}, START);
  expect(decide(state, START)).toEqual({ do: 'finish' });
});

test('A cancel takes back the announcement of a workspace whose patience has run out and that waits for a slot.', () => {
  const workspaces: [string, Partial<SimulatedWorkspace>][] = [['aab/used', { facts: IN_USE }], ...IDLE];
  const simulator = new CampaignSimulator(workspaces, { atOnce: 1, patience: '1m' });
  const used = simulator.workspaces.get('aab/used');
  simulator.meanwhile = ({ state, now }) => {
    const record = state.records?.find(({ workspace }) => workspace === 'aab/used');
    if (record?.state === 'pending' && record.until !== null) takeCampaignSignal(state, 'cancel', {}, now);
  };
  simulator.play();
  expect(progressOf(simulator)).toMatchObject({ state: 'cancelled', pending: 1 });
  expect(used).toMatchObject({ rebuilds: 0, announcements: 0 });
});
