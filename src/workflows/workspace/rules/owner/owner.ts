/** Implements docs/owners.md: what a workspace takes from its owner, and what its build asks the owner's ledger for. */
import type { AdmitRequest } from '../../../../activities';
import type { KnownOwner } from '../../../../contract/internal/ledger';
import { DOWN_STATES, type Resources } from '../../../../contract/payloads';
import { policyAt } from '../../../organization/rules/known-policy';
import { type BuildRecord, newestBuild, type State } from '../state';
import type { LedgerState } from './ledger-state';

/** Takes an answer of a worker that has ledgers; undefined from an earlier one. Older settings change nothing. */
export function takeOwner(state: State, owner: KnownOwner | undefined): void {
  if (!owner) return;
  const { ledger } = state;
  if (!ledger) state.ledger = newLedger(owner);
  else if (owner.changedAt >= ledger.settings.changedAt) ledger.settings = owner;
}

/** The build has exactly what was reserved for it, whatever was configured meanwhile. */
export function takeReserved(state: State, build: BuildRecord, reserved: Resources | undefined): void {
  if (!reserved) return;
  build.spec = { ...build.spec, resources: reserved };
  if (state.ledger) state.ledger.home = true;
}

/** Takes a refusal by quota: the workspace may keep its place for a home all the same. */
export function takeRefusal(state: State, { home }: { home?: boolean }): void {
  if (home === undefined) return;
  state.ledger ??= newLedger({ dotfiles: null, autoStart: null, changedAt: 0 });
  state.ledger.home = home;
}

/** What the build asks the ledger for. */
export function admitRequest(state: State, { number, spec }: BuildRecord): AdmitRequest {
  const { owner, name, id, createdAt, policy, own, home } = state;
  return {
    owner,
    name,
    id,
    bornAt: createdAt,
    build: number,
    resources: spec.resources,
    policy: { version: policy?.version ?? 0, changedAt: policyAt(policy) },
    own: own.resources,
    homeDisk: home?.disk ?? null,
  };
}

/** Whether a home counts: one that exists, or has a place reserved. */
export function countsHome(state: State): boolean {
  const isMade = state.home !== null || state.phase === 'building' || state.ledger?.home === true;
  return isMade && state.phase !== 'purged';
}

/**
 * Whether the owner's ledger has to be told what the workspace uses: only when it is down. A build that waits takes the reservation
 * over, so nothing is given back before it.
 */
export function givesBack(state: State): boolean {
  const isDown = DOWN_STATES.has(state.phase) || state.phase === 'purged';
  return state.ledger !== undefined && isDown && state.next === null && newestBuild(state) !== null;
}

const newLedger = (settings: KnownOwner): LedgerState => ({ settings, home: false, sent: '', sequence: 0 });
