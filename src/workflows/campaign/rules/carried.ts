/**
 * Implements docs/campaigns.md, "Limits": the state that crosses continue-as-new. The server takes 2 MiB in one payload, so a workspace is
 * a list without the names of its fields, cut after its last value that differs from that of a new one.
 */
import { type CampaignState, newRecord, type WorkspaceRecord } from './state';

/** The order is part of running campaigns: new fields are added at the end. */
const FIELDS = [
  'workspace',
  'state',
  'verdict',
  'next',
  'because',
  'build',
  'until',
  'againAt',
  'isWarned',
  'tries',
  'silentSince',
  'renewAt',
] as const;
const STATES = ['pending', 'waiting', 'building', 'done', 'failed', 'marked', 'skipped', 'inconclusive'] as const;
const VERDICTS = ['rebuild', 'mark', 'wait', 'skip'] as const;

/** A campaign as it is handed over. */
export interface CarriedCampaign extends Omit<CampaignState, 'records'> {
  records: unknown[][] | null;
}

/** The state for the next run. */
export function packCampaign(state: CampaignState): CarriedCampaign {
  return { ...state, records: state.records?.map(packRecord) ?? null };
}

/** The state that an earlier run handed over. Throws for an unknown `schemaVersion`. */
export function unpackCampaign(carried: CarriedCampaign): CampaignState {
  if (carried.schemaVersion !== 1) throw new Error(`state: expected schemaVersion 1, got ${String(carried.schemaVersion)}`);
  return { ...carried, records: carried.records?.map(unpackRecord) ?? null };
}

function packRecord(record: WorkspaceRecord): unknown[] {
  const empty = newRecord(record.workspace);
  const values = FIELDS.map((field) => (record[field] === empty[field] ? null : record[field]));
  values[0] = record.workspace;
  values[1] = STATES.indexOf(record.state);
  values[2] = record.verdict === null ? null : VERDICTS.indexOf(record.verdict);
  while (values.at(-1) === null) values.pop();
  return values as unknown[];
}

function unpackRecord([workspace, state, verdict, ...rest]: unknown[]): WorkspaceRecord {
  const record = newRecord(String(workspace));
  const values = Object.fromEntries(
    FIELDS.slice(3).flatMap((field, index) => (rest[index] == null ? [] : [[field, rest[index]]])),
  );
  Object.assign(record, values, { state: STATES[Number(state)] ?? 'pending' });
  if (verdict != null) record.verdict = VERDICTS[Number(verdict)] ?? null;
  return record;
}
