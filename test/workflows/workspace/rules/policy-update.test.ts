import type { Policy } from '../../../../src/contract/policy';
import { Refusal } from '../../../../src/workflows/input/refusal';
import { asPushedPolicy } from '../../../../src/workflows/organization/rules/known-policy';
import { migrate } from '../../../../src/workflows/workspace/rules/migrate';
import { takePolicy } from '../../../../src/workflows/workspace/rules/policy-update';
import { viewStatus } from '../../../../src/workflows/workspace/rules/view/status';
import { Simulator } from '../../../support/workflows/simulator';
import { copy, created, DAY_MS, HOUR_MS, NOW, policyWith, SECOND_MS } from '../../../support/workflows/state-builders';

test('Until the policy is read, what it would fill in is null.', () => {
  const { state } = new Simulator({ resources: { cpu: '2' } }, { policy: policyWith(), now: NOW });
  expect(viewStatus(state)).toMatchObject({
    state: 'building',
    policyVersion: null,
    resources: { cpu: '2', memory: null, disk: null },
    autoOff: { at: null, after: null, source: null },
  });
});

test('The policy is read again 30 s after creation, though the first build has read it meanwhile, and then daily.', () => {
  const simulator = created();
  const readAt: number[] = [];
  while (simulator.now < NOW + 3 * DAY_MS) {
    const decision = simulator.turn();
    if (decision.do === 'readPolicy') readAt.push(simulator.now);
    if (decision.do === 'sleep') simulator.now = decision.until;
  }
  expect(readAt[0]).toBe(NOW + 30 * SECOND_MS);
  expect(readAt[1]).toBeLessThanOrEqual(NOW + DAY_MS + 30 * SECOND_MS);
});

test('An older version than the one known changes nothing.', () => {
  const { state, now } = created();
  takePolicy(state, policyWith({ retention: '1d' }, 3), now);
  takePolicy(state, policyWith({ retention: '2d' }, 2), now);
  expect(state.policy).toEqual(policyWith({ retention: '1d' }, 3));
});

test('The policy of an organization created again is taken, though its version is lower, and one of the old organization is not.', () => {
  const { state, now } = created();
  takePolicy(state, { ...policyWith({ retention: '1d' }, 7), changedAt: NOW }, now);
  state.report.sent = 'a report';
  takePolicy(state, { ...policyWith({ retention: '2d' }, 1), changedAt: NOW + 5 }, now);
  expect(state.policy).toMatchObject({ retention: '2d', version: 1 });
  expect(state.report.sent).toBe('');
  takePolicy(state, { ...policyWith({ retention: '1d' }, 8), changedAt: NOW + 1 }, now);
  expect(state.policy).toMatchObject({ retention: '2d', version: 1 });
});

test('A policy that an earlier version kept, or reads, or pushes, has the defaults of what was added since.', () => {
  const { state, now } = created();
  const { defaultImage: _, ...old } = policyWith({ retention: '1d' }, 2);
  takePolicy(state, old as Policy, now);
  expect(state.policy).toEqual(policyWith({ retention: '1d' }, 2));
  state.policy = old as Policy;
  expect(migrate(copy(state)).policy).toEqual(policyWith({ retention: '1d' }, 2));
  expect(asPushedPolicy({ policy: old })).toMatchObject(policyWith({ retention: '1d' }, 2));
});

test('Daily reads of workspaces that were sent a policy together are spread over hours by a deterministic offset.', () => {
  const dueAt = Array.from({ length: 200 }, (_, index) => {
    const { state, now } = created();
    state.id = `workspace-${index}`;
    takePolicy(state, policyWith({ retention: '1d' }, 2), now + HOUR_MS);
    return state.policyDueAt - now - HOUR_MS;
  });
  expect(Math.min(...dueAt)).toBeGreaterThanOrEqual(18 * HOUR_MS);
  expect(Math.max(...dueAt)).toBeLessThanOrEqual(DAY_MS);
  expect(Math.max(...dueAt) - Math.min(...dueAt)).toBeGreaterThan(5 * HOUR_MS);
  const hours = dueAt.map((ms) => Math.floor(ms / HOUR_MS));
  for (const hour of new Set(hours)) expect(hours.filter((one) => one === hour).length).toBeLessThan(70);
});

test('A value that is not a policy is refused.', () => {
  expect(asPushedPolicy({ policy: policyWith() })).toEqual({ ...policyWith(), changedAt: 0 });
  expect(asPushedPolicy({ policy: { ...policyWith(), changedAt: NOW } })).toEqual({ ...policyWith(), changedAt: NOW });
  for (const input of [undefined, null, 'x', {}, { policy: null }, { policy: {} }, { policy: { version: 1 } }])
    expect(() => asPushedPolicy(input)).toThrow(Refusal);
});
