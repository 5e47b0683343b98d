import { nextOccurrence } from '../../../../../src/activities/occurrences';
import { takeOwner } from '../../../../../src/workflows/workspace/rules/owner/owner';
import { previewPolicy } from '../../../../../src/workflows/workspace/rules/policy/preview';
import { off, policyWith } from '../../../../support/workflows/state-builders';

const AUTO_START = { time: '08:30', timeZone: 'Europe/Berlin' };

test('A preview shows the daily start that a policy takes from a workspace whose schedule is its owner’s.', () => {
  const { state, now } = off();
  takeOwner(state, { dotfiles: null, autoStart: AUTO_START, changedAt: now }, now);
  const present = policyWith({});
  const proposed = policyWith({ autoStart: { ...present.autoStart, weekdays: [] } }, 2);
  const effects = previewPolicy(state, { present, proposed }, { now, plan: nextOccurrence });
  expect(effects).toEqual([
    {
      what: 'start',
      before: expect.stringMatching(/^\d{4}-\d\d-\d\dT0[67]:2\d/),
      after: null,
      at: expect.any(String),
      because: 'auto-start is off for the organization (no weekday is allowed)',
    },
  ]);
});
