/** All messages of an owner, registered before the first await. */
import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { ApplicationFailure, condition, setHandler, workflowInfo } from '@temporalio/workflow';
import type { ReserveAnswer } from '../../contract/internal/ledger';
import * as messages from '../../contract/messages';
import type { OwnerView } from '../../contract/payloads';
import { isTimeZone } from '../../contract/time-zone';
import { asObject } from '../input/fields';
import { invalid } from '../input/refusal';
import { refusalToFailure } from '../input/refusal-failure';
import { parseEnded } from '../members/rules/reports';
import { parseReserve } from './rules/reservations';
import { mergeSettings } from './rules/settings';
import { configureOwner, isDoubtful, knownOwner, takeReports, takeReserve, viewOwner } from './rules/state';
import type { OwnerRun } from './run';

/** Registers every handler of the owner. */
export function registerOwnerHandlers(run: OwnerRun): void {
  const { state } = run;
  setHandler(messages.ownerStatusQuery, () => viewOwner(state), {
    description: 'The settings, and what the workspaces use together and each for itself',
  });
  setHandler(messages.ownerSettingsQuery, () => knownOwner(state), {
    description: 'Internal: the settings, as workspaces keep them',
  });
  setHandler(messages.configureOwnerUpdate as UpdateDefinition<OwnerView, [unknown]>, (input) => configure(run, input), {
    validator: (input) => {
      refusalToFailure(() => checkSettings(run, input));
    },
    description: 'Sets or clears (null) settings: { by?, dotfiles?, autoStart?: { time?, timeZone? } }',
  });
  setHandler(messages.reserveUpdate as UpdateDefinition<ReserveAnswer, [unknown]>, (input) => answerReserve(run, input), {
    validator: (input) => {
      refusalToFailure(() => parseReserve(input));
    },
    description: 'Internal: builds reserve what they need',
  });
  setHandler(
    messages.usageReportedSignal as SignalDefinition<[unknown]>,
    (input) => {
      takeReports(state, input);
      run.refresh();
    },
    { description: 'Internal: a workspace is down, or purged' },
  );
  setHandler(
    messages.workspaceEndedSignal as SignalDefinition<[unknown]>,
    (input) => {
      // The sender may have seen an earlier workspace of this name, so the ledger's own check decides.
      if (parseEnded(input)) askForCheck(run);
    },
    { description: 'Internal: a workspace was terminated, or its home is gone' },
  );
}

function configure(run: OwnerRun, input: unknown): OwnerView {
  refusalToFailure(() => configureOwner(run.state, input, Date.now()));
  wake(run);
  return viewOwner(run.state);
}

/** The zone data of the machine may differ on replay, so only the validator checks zones. */
function checkSettings({ state }: OwnerRun, input: unknown): void {
  mergeSettings(state.settings, input);
  const { timeZone } = asObject('autoStart', asObject('input', input).autoStart);
  if (typeof timeZone === 'string' && !isTimeZone(timeZone))
    throw invalid('autoStart.timeZone', 'an IANA time zone such as Europe/Berlin', timeZone);
}

/**
 * Waits for the first check, without which the ledger of an owner that was terminated would be empty. A refusal by a ledger that was not
 * checked for a while is judged again after a check, so that a lost report refuses no build.
 */
async function answerReserve(run: OwnerRun, input: unknown): Promise<ReserveAnswer> {
  const { state } = run;
  if (state.checkedAt === null) await nextCheck(run);
  if (state.checkedAt === null) throw unchecked();
  let answer = refusalToFailure(() => takeReserve(state, input));
  if (isDoubtful(state, answer, Date.now())) {
    await nextCheck(run);
    answer = refusalToFailure(() => takeReserve(state, input));
  }
  wake(run);
  return answer;
}

async function nextCheck(run: OwnerRun): Promise<void> {
  const { checks } = run;
  askForCheck(run);
  await condition(() => run.checks > checks);
}

function askForCheck(run: OwnerRun): void {
  run.state.isCheckDue = true;
  wake(run);
}

function wake(run: OwnerRun): void {
  run.isAwake = true;
  run.answeredAt = workflowInfo().historyLength;
  run.refresh();
}

/** The activity that asks retries it. */
function unchecked(): ApplicationFailure {
  return ApplicationFailure.create({ type: 'RuntimeUnavailable', message: 'the ledger of the owner could not be checked' });
}
