/** Which workspaces are sent a policy that suspends an owner, in an organization that pushes to running workspaces only. */
import { createPushQueue } from '../../../../src/workflows/members/rules/push-queue';
import { createPartition, takeDelivery } from '../../../../src/workflows/members/rules/state';
import { createMembers, forgetPolicies, notePolicyHeld, takeReport } from '../../../../src/workflows/members/rules/usage-records';
import { REPORT } from '../../../support/workflows/organization-builders';
import { NOW, policyWith } from '../../../support/workflows/state-builders';

const OFF = { ...REPORT, running: false };
const ADA = { owner: 'ada', id: 'w1' };
const keysOf = (members: ReturnType<typeof large>) => [...createPushQueue(members).keys()];

/** Ada and Bob have a workspace each that is off and has the newest policy. */
function large() {
  const members = createMembers({ pushesToAll: false });
  takeReport(members, OFF, true);
  takeReport(members, { ...OFF, owner: 'bob', workspace: 'workspace/bob/dev', id: 'w2' }, true);
  return members;
}

test('A suspension and its end are sent to the workspaces of that owner also while they are off, and to no other.', () => {
  const members = large();
  forgetPolicies(members, []);
  expect(keysOf(members)).toEqual([]);
  forgetPolicies(members, ['ada']);
  expect(keysOf(members)).toEqual(['ada/w1']);
  notePolicyHeld(members, ADA);
  expect(keysOf(members)).toEqual([]);
  forgetPolicies(members, []);
  expect(keysOf(members)).toEqual([]);
});

test('A suspension that has not been sent yet is sent with the next change of the policy, whatever the workspace reports meanwhile.', () => {
  const members = large();
  forgetPolicies(members, ['ada']);
  expect(takeReport(members, { ...OFF, sequence: 2 }, false)).toBe(true);
  forgetPolicies(members, []);
  expect(keysOf(members)).toEqual(['ada/w1']);
});

test('A partition sends the suspensions that differ from its policy of before.', () => {
  const state = createPartition({ organization: 'math', part: 1 });
  const policy = { ...policyWith({ suspendedOwners: ['bob'] }, 2), changedAt: NOW };
  const first = takeDelivery(state, new Map(), { policy, events: [{ ...OFF, policyAt: NOW }] });
  expect([...first.queue.keys()]).toEqual([]);
  const next = { ...policyWith({ suspendedOwners: ['ada'] }, 3), changedAt: NOW + 1 };
  const second = takeDelivery(state, first.queue, { policy: next, events: [] });
  expect([...second.queue.keys()]).toEqual(['ada/w1']);
});
