/** The update `configure`: settings of the workspace's own; it never itself starts, stops, or rebuilds anything. */

import type { OwnSettings } from '../../../contract/payloads';
import { parseConfigure } from '../../input/messages';
import { Refusal } from '../../input/refusal';
import { withGrace } from './auto-off';
import { noteScheduleChange } from './auto-start';
import { applyChange, checkNamed, columnOf } from './requests';
import type { State } from './state';

export function requestConfigure(state: State, input: unknown, now: number): void {
  const { change, clearResources } = parseConfigure(input);
  const column = columnOf(state);
  if (column === 'deleted' || column === 'deleting') {
    throw new Refusal('NotAllowed', `configure: expected a workspace that is not deleted; this one is ${state.phase}`);
  }
  const own = clearResources ? clearedResources(state) : applyChange(state, change);
  checkNamed(state, own, change);
  const isNewSchedule = JSON.stringify(own.autoStart) !== JSON.stringify(state.own.autoStart);
  withGrace(state, now, () => {
    state.own = own;
  });
  if (isNewSchedule) noteScheduleChange(state, now);

  function clearedResources({ own: settings, home }: State): OwnSettings {
    // The disk there is stays wanted: clearing it could only shrink it to the organization's default.
    return { ...settings, ...change, resources: home ? { disk: home.disk } : {} };
  }
}
