/** Publishes the state: search attributes, current details, and the usage report to the organization. */
import { defineSearchAttributeKey, SearchAttributeType, type SearchAttributeUpdatePair } from '@temporalio/common';
import { getExternalWorkflowHandle, log, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { UsageReport } from '../../contract/internal/payloads';
import { usageReportedSignal } from '../../contract/messages';
import { organizationWorkflowId, ownerWorkflowId, workspaceWorkflowId } from '../../contract/names';
import { mayHavePod } from '../../contract/states';
import { policyAt } from '../organization/rules/known-policy';
import { plannedStart } from './rules/auto-start';
import { countsHome, givesBack } from './rules/owner/owner';
import { newestBuild, type State } from './rules/state';
import { viewDetails } from './rules/view/current-details';
import type { Run } from './run';

const KEYWORDS = ['State', 'Owner', 'Organization', 'Image'] as const;
const DATETIMES = ['AutoStartAt', 'AutoOffAt'] as const;

/** Publishes what changed; only that costs events. */
export function publish(run: Run): void {
  showDetails(run.state);
  upsertChanged(run.state);
  report(run);
  giveBack(run);
}

/** Sets the current details, which live in memory and cost no event. */
export function showDetails(state: State): void {
  // Cutting may have split a surrogate pair, which readers of the JSON refuse.
  setCurrentDetails(viewDetails(state, Date.now()).toWellFormed());
}

function upsertChanged(state: State): void {
  const attributes = searchAttributes(state);
  const changed = Object.keys(attributes).filter((name) => attributes[name] !== (state.published[name] ?? null));
  if (changed.length === 0) return;
  upsertSearchAttributes(changed.map((name) => pair(name, attributes[name] ?? null)));
  state.published = attributes;
}

function searchAttributes(state: State): Record<string, string | number | null> {
  const build = newestBuild(state);
  return {
    State: state.phase,
    Owner: state.owner,
    Organization: state.organization,
    Image: build?.spec.image ?? state.own.image,
    Build: build?.number ?? null,
    AutoStartAt: plannedStart(state)?.at ?? null,
    AutoOffAt: state.phase === 'running' ? state.armedAutoOffAt : null,
  };
}

function pair(name: string, value: string | number | null): SearchAttributeUpdatePair {
  if ((KEYWORDS as readonly string[]).includes(name)) {
    return { key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD), value: value as string | null };
  }
  if ((DATETIMES as readonly string[]).includes(name)) {
    const at = value === null ? null : new Date(value);
    return { key: defineSearchAttributeKey(name, SearchAttributeType.DATETIME), value: at };
  }
  return { key: defineSearchAttributeKey(name, SearchAttributeType.INT), value: value as number | null };
}

/**
 * Reports to the organization what the workspace uses, when that changed. A report also names the workspace's policy; a change of that
 * alone sends none. A lost report is sent again with the next change. Each report costs a task here and one there, so the first is
 * sent when the first build begins.
 */
function report(run: Run): void {
  const { state } = run;
  if (!state.policy || !newestBuild(state)) return;
  const use = usage(state);
  const sent = JSON.stringify(use);
  if (sent === state.report.sent) return;
  // Never below the present time, since a reset restores an older state.
  state.report = { sequence: Math.max(state.report.sequence + 1, Date.now()), sent };
  const { sequence } = state.report;
  const sentReport = { ...use, id: state.id, sequence, policyAt: policyAt(state.policy) };
  send(run, organizationWorkflowId(state.organization), sentReport, () => {
    state.report.sent = '';
  });
}

/** Reports to the owner's ledger that the workspace is down, or purged. A lost report is sent again with the next change. */
function giveBack(run: Run): void {
  const { state } = run;
  const { ledger } = state;
  if (!ledger || !givesBack(state)) return;
  const use = { ...usage(state), id: state.id, bornAt: state.createdAt, build: state.buildNumber };
  const sent = JSON.stringify(use);
  if (sent === ledger.sent) return;
  Object.assign(ledger, { sent, sequence: Math.max(ledger.sequence + 1, Date.now()) });
  const { sequence } = ledger;
  send(run, ownerWorkflowId(state.organization, state.owner), { ...use, sequence, policyAt: policyAt(state.policy) }, () => {
    ledger.sent = '';
  });
}

function send({ reports }: Run, workflowId: string, report: UsageReport, onLost: () => void): void {
  reports.pending += 1;
  reports.last = getExternalWorkflowHandle(workflowId)
    .signal(usageReportedSignal, report)
    .catch((error: unknown) => {
      log.warn('usage report: signal failed', { workflowId, error });
      onLost();
    })
    .finally(() => {
      reports.pending -= 1;
    });
}

function usage(state: State): Omit<UsageReport, 'sequence' | 'id' | 'policyAt'> {
  const { cpu, memory, disk } = newestBuild(state)?.spec.resources ?? { cpu: '0', memory: '0', disk: '0' };
  return {
    workspace: workspaceWorkflowId(state.owner, state.name),
    owner: state.owner,
    running: mayHavePod(state.phase),
    home: countsHome(state),
    cpu,
    memory,
    disk: state.home?.disk ?? disk,
  };
}
