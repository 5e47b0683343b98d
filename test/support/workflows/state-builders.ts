/** The states that a workspace can be in, each reached the way a real one gets there. */

import type { Policy } from '../../../src/contract/policy';
import { Refusal } from '../../../src/workflows/input/refusal';
import { defaultPolicy, mergePolicy } from '../../../src/workflows/organization/rules/policy';
import { type Column, requestDelete, requestStop } from '../../../src/workflows/workspace/rules/requests';
import type { HistoryRecord, State } from '../../../src/workflows/workspace/rules/state';
import { Simulator } from './simulator';

/** A Monday morning. */
export const NOW = Date.parse('2026-03-02T06:00:00.000Z');
export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

export const COLUMNS: Column[] = ['off', 'building', 'running', 'turning-off', 'error', 'deleting', 'deleted'];

export function policyWith(change: unknown = {}, version = 1): Policy {
  return { ...mergePolicy(defaultPolicy(), change).policy, version };
}

/** A workspace just created, its policy read. */
export function created(input: Record<string, unknown> = {}, policy: unknown = {}): Simulator {
  return new Simulator(input, { policy: policyWith(policy), now: NOW }).admit();
}

export function running(input: Record<string, unknown> = {}, policy: unknown = {}): Simulator {
  const simulator = created(input, policy);
  simulator.settle();
  return simulator;
}

export function off(input: Record<string, unknown> = {}, policy: unknown = {}): Simulator {
  const simulator = running(input, policy);
  requestStop(simulator.state, 'stop', {}, simulator.now);
  simulator.settle();
  return simulator;
}

/** A workspace in the column of the table that is asked for. */
export function inColumn(column: Column, input: Record<string, unknown> = {}, policy: unknown = {}): Simulator {
  return MAKERS[column](input, policy);
}

const MAKERS: Record<Column, (input: Record<string, unknown>, policy: unknown) => Simulator> = {
  off,
  running,
  building: (input, policy) => {
    const simulator = created(input, policy);
    // Two steps in, so that there is something to clean up.
    for (let turns = 0; turns < 3; turns += 1) simulator.turn();
    return simulator;
  },
  'turning-off': (input, policy) => {
    const simulator = running(input, policy);
    requestStop(simulator.state, 'stop', {}, simulator.now);
    return simulator;
  },
  error: (input, policy) => {
    const simulator = created(input, policy);
    simulator.outcomes = ['done', 'done', 'failed'];
    simulator.settle();
    return simulator;
  },
  deleting: (input, policy) => {
    const simulator = running(input, policy);
    requestDelete(simulator.state, {}, simulator.now);
    return simulator;
  },
  deleted: (input, policy) => {
    const simulator = off(input, policy);
    requestDelete(simulator.state, {}, simulator.now);
    return simulator;
  },
};

/** The refusal that the work ends in; fails the test when there is none. */
export function refusalOf(work: () => unknown): Refusal {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('expected a refusal, got none');
}

export function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** History entries as `from→to cause`, from the given index on. */
export function path(state: State, since = 0): string[] {
  return state.history.slice(since).map(({ from, to, cause }: HistoryRecord) => `${from}→${to} ${cause}`);
}
