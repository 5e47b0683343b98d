/** Implements docs/owners.md: the state of an owner, and what its workflow does next. */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../contract/duration';
import type { Findings, KnownOwner, ReserveAnswer } from '../../../contract/internal/ledger';
import { workspaceWorkflowId } from '../../../contract/names';
import type { OwnerSettings, OwnerView, OwnerWorkspace } from '../../../contract/payloads';
import type { QuotaPolicy } from '../../../contract/policy';
import { formatBytes, formatCpu } from '../../../contract/quantity';
import { asName, asObject } from '../../input/fields';
import { stableFraction } from '../../workspace/rules/stable-hash';
import { createLedger, type Entry, holders, type Ledger, type Snapshot, snapshotOf, sumOf, withSum } from './entries';
import { reserve, takeFindings, takeOwnerReport, viewLedger } from './ledger';
import { parseOwnerReports, parseReserve } from './reservations';
import { mergeSettings } from './settings';

/** How often the ledger is compared with workspaces that run. Their reports give back within seconds, so this is for lost ones. */
const CHECK_MS = HOUR_MS;
/** How often it is compared when only homes are counted. */
const CHECK_HOMES_MS = DAY_MS;
/** The pause between two checks, so that many ends are found by one. */
const CHECK_PAUSE_MS = 10_000;
/** Before a refusal the ledger is checked, unless it was within this time. */
const FRESH_MS = MINUTE_MS;
/** Attempts to send changed settings to a workspace; then its own read of the policy brings them. */
const MAX_PUSHES = 5;
const PUSH_PAUSE_MS = 10_000;
const SHOWN_WORKSPACES = 500;

/** One plain JSON value that crosses continue-as-new unchanged. */
export interface OwnerState {
  schemaVersion: 1;
  organization: string;
  owner: string;
  settings: OwnerSettings;
  /** The last change of the settings, in epoch milliseconds; null before. */
  changed: { at: number; by: string | null; fields: string[] } | null;
  /** The limits that the last build went by; null before. */
  quota: { limits: QuotaPolicy; policyAt: number } | null;
  ledger: Ledger;
  /** When the ledger was last checked; null before the first check, which reservations wait for. */
  checkedAt: number | null;
  /** When a check last ended, well or not; 0 before. */
  triedAt: number;
  /** A check was asked for. */
  isCheckDue: boolean;
  /** The workflow ids of workspaces that have to be sent the settings; null for none. */
  push: { workspaces: string[]; attempts: number; dueAt: number } | null;
}

/** What the workflow does next. */
export type OwnerDecision = { do: 'check' } | { do: 'push' } | { do: 'sleep'; until: number | null };

/** A new owner; throws a Refusal for a wrong input. */
export function createOwner(input: unknown): OwnerState {
  const { organization, owner } = asObject('input', input);
  return {
    schemaVersion: 1,
    organization: asName('organization', organization),
    owner: asName('owner', owner),
    settings: { dotfiles: null, autoStart: null },
    changed: null,
    quota: null,
    ledger: createLedger(),
    checkedAt: null,
    triedAt: 0,
    isCheckDue: true,
    push: null,
  };
}

/** The state that an earlier run handed over, in the present shape. */
export function migrateOwner(carried: OwnerState): OwnerState {
  if (carried.schemaVersion !== 1) throw new Error(`state: expected schemaVersion 1, got ${String(carried.schemaVersion)}`);
  return { ...carried, ledger: withSum(carried.ledger) };
}

/** The next action of the workflow. */
export function decideOwner(state: OwnerState, now: number): OwnerDecision {
  const { push } = state;
  const checkAt = nextCheckAt(state);
  if (checkAt !== null && checkAt <= now) return { do: 'check' };
  if (push && push.dueAt <= now) return { do: 'push' };
  const moments = [checkAt, push?.dueAt ?? null].filter((at) => at !== null);
  return { do: 'sleep', until: moments.length === 0 ? null : Math.min(...moments) };
}

/** Changes the settings. Throws a Refusal and changes nothing for a wrong input. */
export function configureOwner(state: OwnerState, input: unknown, now: number): void {
  const { by, settings, fields } = mergeSettings(state.settings, input);
  const isSame = JSON.stringify(settings) === JSON.stringify(state.settings);
  state.settings = settings;
  state.changed = { at: Math.max(now, (state.changed?.at ?? 0) + 1), by, fields };
  const workspaces = holders(state.ledger).map(({ name }) => workspaceWorkflowId(state.owner, name));
  if (!isSame && workspaces.length > 0) state.push = { workspaces: [...new Set(workspaces)], attempts: 0, dueAt: now };
}

/** Answers requests for reservations. Throws a Refusal for a wrong input. */
export function takeReserve(state: OwnerState, input: unknown): ReserveAnswer {
  const { requests, quota, policyAt } = parseReserve(input);
  if (policyAt >= (state.quota?.policyAt ?? 0)) state.quota = { limits: quota, policyAt };
  return { answers: requests.map((request) => reserve(state.ledger, request, quota)), settings: knownOwner(state) };
}

/** Whether a refusal may come from a reservation that was lost, so that the ledger has to be checked before it is answered. */
export function isDoubtful(state: OwnerState, { answers }: ReserveAnswer, now: number): boolean {
  return answers.some(({ outcome }) => outcome === 'refused') && (state.checkedAt ?? 0) < now - FRESH_MS;
}

/** Takes the reports in a signal; malformed ones change nothing. */
export function takeReports(state: OwnerState, input: unknown): void {
  for (const report of parseOwnerReports(state.owner, input)) takeOwnerReport(state.ledger, report);
}

/** A check begins; a check that is asked for from now on comes after it. */
export function beginCheck(state: OwnerState): Snapshot {
  state.isCheckDue = false;
  return snapshotOf(state.ledger);
}

/** Takes the end of a check; null for a failed one. */
export function checkEnded(state: OwnerState, before: Snapshot, findings: Findings | null, now: number): void {
  state.triedAt = now;
  if (!findings) return;
  takeFindings(state.ledger, before, findings);
  state.checkedAt = now;
}

/** Takes the end of a push, with the workspaces that it did not reach. */
export function pushEnded(state: OwnerState, unreached: string[], now: number): void {
  const attempts = (state.push?.attempts ?? 0) + 1;
  const isOver = unreached.length === 0 || attempts >= MAX_PUSHES;
  state.push = isOver ? null : { workspaces: unreached, attempts, dueAt: now + PUSH_PAUSE_MS * 2 ** attempts };
}

/** The settings as workspaces keep them. */
export function knownOwner({ settings, changed }: OwnerState): KnownOwner {
  return { ...settings, changedAt: changed?.at ?? 0 };
}

/** The answer of the query `status`. */
export function viewOwner(state: OwnerState): OwnerView {
  const { owner, organization, settings, changed, quota, ledger } = state;
  return {
    owner,
    organization,
    settings,
    changed: changed && { ...changed, at: new Date(changed.at).toISOString() },
    usage: viewLedger(ledger),
    quota: quota?.limits ?? null,
    workspaces: holders(ledger)
      .slice(0, SHOWN_WORKSPACES)
      .map((each) => viewEntry(owner, each)),
  };
}

function nextCheckAt({ owner, ledger, isCheckDue, checkedAt, triedAt }: OwnerState): number | null {
  if (isCheckDue || checkedAt === null) return triedAt === 0 ? 0 : triedAt + CHECK_PAUSE_MS;
  const { running, homes } = sumOf(ledger);
  if (running + homes === 0) return null;
  const pauseMs = running > 0 ? CHECK_MS : CHECK_HOMES_MS;
  // The offset of each owner spreads the checks after a morning on which all began.
  return Math.max(checkedAt, triedAt) + Math.floor(pauseMs * (1 + stableFraction(owner) / 10));
}

function viewEntry(owner: string, { name, id, entry }: { name: string; id: string; entry: Entry }): OwnerWorkspace {
  const { build, running, home, cpu, memory, disk } = entry;
  const resources = { cpu: formatCpu(cpu / 1_000), memory: formatBytes(memory), disk: formatBytes(disk) };
  return { workspace: `${owner}/${name}`, id, build, running, home, resources };
}
