/**
 * Implements docs/messages.md, "Updates": changes the workspace's own settings, and never itself starts, stops, or rebuilds anything.
 * Only the fields that the request names are checked.
 */
import type { OwnSettings } from '../../../contract/settings';
import { parseConfigure } from '../../input/messages';
import { Refusal } from '../../input/refusal';
import { withGrace } from './auto-off';
import { rescheduleFrom } from './auto-start';
import { checkSchedule } from './owner/owner';
import { applyChange, checkNamed, columnOf } from './requests';
import type { State } from './state';

/** Takes a `configure`. Throws a Refusal and changes nothing when a named field is wrong or not allowed. */
export function requestConfigure(state: State, input: unknown, now: number): void {
  const { change, clearResources: isCleared } = parseConfigure(input);
  const column = columnOf(state);
  if (column === 'deleted' || column === 'deleting') {
    throw new Refusal('NotAllowed', `configure: expected a workspace that is not deleted; this one is ${state.phase}`);
  }
  const own = isCleared ? clearResources(state, change) : applyChange(state, change);
  checkNamed(state, own, change);
  checkSchedule(state, change.autoStart ? own : { autoStart: null });
  const isNewSchedule = JSON.stringify(own.autoStart) !== JSON.stringify(state.own.autoStart);
  withGrace(state, now, () => {
    state.own = own;
  });
  if (isNewSchedule) rescheduleFrom(state, now);
}

/** The disk of the present home stays: without it the organization's default might be smaller, and a disk never shrinks. */
function clearResources({ own, home }: State, change: Partial<OwnSettings>): OwnSettings {
  return { ...own, ...change, resources: home ? { disk: home.disk } : {} };
}
