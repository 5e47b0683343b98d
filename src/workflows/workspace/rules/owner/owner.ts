/** Implements docs/owners.md: what a workspace takes from its owner, and what its build asks the owner's ledger for. */
import type { AdmitRequest } from '../../../../activities';
import type { KnownOwner } from '../../../../contract/internal/ledger';
import type { Dotfiles, Resources } from '../../../../contract/payloads';
import type { OwnSettings } from '../../../../contract/settings';
import { DOWN_STATES } from '../../../../contract/states';
import { asAutoStart, asDotfiles, asObject } from '../../../input/fields';
import { invalid } from '../../../input/refusal';
import { policyAt } from '../../../organization/rules/known-policy';
import { effectiveSchedule, rescheduleFrom } from '../auto-start';
import { type BuildRecord, newestBuild, type State } from '../state';
import type { LedgerState } from './ledger-state';

/** Takes an answer of a worker that has ledgers; undefined from an earlier one. Older settings change nothing. */
export function takeOwner(state: State, owner: KnownOwner | undefined, now: number): void {
  if (!owner || owner.changedAt < (state.ledger?.settings.changedAt ?? 0)) return;
  const before = JSON.stringify(effectiveSchedule(state));
  state.ledger = { ...(state.ledger ?? newLedger(owner)), settings: owner };
  if (JSON.stringify(effectiveSchedule(state)) !== before) rescheduleFrom(state, now);
}

/** The build has exactly what was reserved for it, whatever was configured meanwhile. */
export function takeReserved(state: State, build: BuildRecord, reserved: Resources | undefined): void {
  if (!reserved) return;
  build.spec = { ...build.spec, resources: reserved, dotfiles: state.own.dotfiles ? build.spec.dotfiles : ownerDotfiles(state) };
  if (state.ledger) state.ledger.home = true;
}

/** Takes a refusal by quota: the workspace may keep its place for a home all the same. */
export function takeRefusal(state: State, { home }: { home?: boolean }): void {
  if (home === undefined) return;
  state.ledger ??= newLedger({ dotfiles: null, autoStart: null, changedAt: 0 });
  state.ledger.home = home;
}

/** The dotfiles of the next build: the workspace's own, of which a blank URI means none, else the owner's. */
export function effectiveDotfiles(state: State, { dotfiles }: Pick<OwnSettings, 'dotfiles'>): Dotfiles | null {
  if (dotfiles === null) return ownerDotfiles(state);
  return dotfiles.uri.trim() === '' ? null : dotfiles;
}

const ownerDotfiles = ({ ledger }: State): Dotfiles | null => ledger?.settings.dotfiles ?? null;

/** Refuses a schedule that lacks a field which the owner's settings do not have either. */
export function checkSchedule({ ledger }: State, { autoStart }: Pick<OwnSettings, 'autoStart'>): void {
  if (!autoStart) return;
  const settings = ledger?.settings.autoStart;
  const hint = "since the owner's settings have none";
  if (!(autoStart.time ?? settings?.time)) throw invalid('autoStart.time', `HH:MM from 00:00 to 23:59, ${hint}`, undefined);
  if (!(autoStart.timeZone ?? settings?.timeZone))
    throw invalid('autoStart.timeZone', `an IANA time zone such as Europe/Berlin, ${hint}`, undefined);
}

/** Settings that the owner's workflow sent. Throws a Refusal for anything else. */
export function asKnownOwner(value: unknown): KnownOwner {
  const { dotfiles, autoStart, changedAt } = asObject('owner', value);
  if (typeof changedAt !== 'number' || !Number.isSafeInteger(changedAt) || changedAt < 0)
    throw invalid('owner.changedAt', 'an instant in milliseconds', changedAt);
  if (autoStart === null || autoStart === undefined)
    return { dotfiles: asDotfiles('owner.dotfiles', dotfiles), autoStart: null, changedAt };
  const { time = null, timeZone = null } = asAutoStart('owner.autoStart', autoStart);
  return { dotfiles: asDotfiles('owner.dotfiles', dotfiles), autoStart: { time, timeZone }, changedAt };
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

/** Whether a home counts: it exists, or has a place reserved. */
export function countsHome(state: State): boolean {
  const isMade = state.home !== null || state.phase === 'building' || state.ledger?.home === true;
  return isMade && state.phase !== 'purged';
}

/**
 * Whether the owner's ledger has to receive what the workspace uses: only when it is down. A build that waits takes the reservation
 * over, so nothing is given back before it.
 */
export function givesBack(state: State): boolean {
  const isDown = DOWN_STATES.has(state.phase) || state.phase === 'purged';
  return state.ledger !== undefined && isDown && state.next === null && newestBuild(state) !== null;
}

const newLedger = (settings: KnownOwner): LedgerState => ({ settings, home: false, sent: '', sequence: 0 });
