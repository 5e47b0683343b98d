import { Refusal } from '../../../src/workflows/workspace/refusal';
import { asPushedPolicy, takePolicy } from '../../../src/workflows/workspace/policy-intake';
import { viewStatus } from '../../../src/workflows/workspace/view';
import { created, DAY_MS, NOW, policyWith, SECOND_MS } from './scene';
import { Simulator } from './simulator';

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

test('What is no policy is told from one.', () => {
  expect(asPushedPolicy({ policy: policyWith() })).toEqual(policyWith());
  for (const input of [undefined, null, 'x', {}, { policy: null }, { policy: {} }, { policy: { version: 1 } }])
    expect(() => asPushedPolicy(input)).toThrow(Refusal);
});
