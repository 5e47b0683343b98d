/** The contract's table of requests as data: what each update answers in each state, and what it leads to. */
import type { StatusView } from '../../../src/contract/payloads';

export type State = StatusView['state'];
export type Request =
  | 'start'
  | 'same rebuild'
  | 'other rebuild'
  | 'stop'
  | 'cancelBuild'
  | 'delete'
  | 'purge'
  | 'restore'
  | 'configure'
  | 'ping';
export type Column = 'off' | 'building' | 'running' | 'turning-off' | 'error' | 'deleted' | 'deleting';
/** Outcome (or the type of the refusal), state answered, build answered, and the state that it leads to. */
export type Cell = [outcome: string, state: State, build: number | null, leadsTo: State];

/** These exist as signals too. */
export const SIGNALS: Request[] = ['start', 'same rebuild', 'other rebuild', 'stop', 'cancelBuild'];
const refused = (state: State, leadsTo: State): Cell => ['NotAllowed', state, null, leadsTo];

export const TABLE: Record<Column, Record<Exclude<Request, 'configure' | 'ping'>, Cell>> = {
  off: {
    start: ['accepted', 'building', 2, 'running'],
    'same rebuild': ['accepted', 'building', 2, 'running'],
    'other rebuild': ['accepted', 'building', 2, 'running'],
    stop: ['already', 'off', null, 'off'],
    cancelBuild: ['already', 'off', null, 'off'],
    delete: ['accepted', 'deleted', null, 'deleted'],
    purge: ['accepted', 'deleted', null, 'purged'],
    restore: ['already', 'off', null, 'off'],
  },
  building: {
    start: ['merged', 'building', 1, 'running'],
    'same rebuild': ['merged', 'building', 1, 'running'],
    'other rebuild': ['accepted', 'building', 2, 'running'],
    stop: ['accepted', 'turning-off', null, 'off'],
    cancelBuild: ['accepted', 'turning-off', 1, 'off'],
    delete: ['accepted', 'turning-off', null, 'deleted'],
    purge: ['accepted', 'turning-off', null, 'purged'],
    restore: ['already', 'building', null, 'running'],
  },
  running: {
    start: ['already', 'running', 1, 'running'],
    'same rebuild': ['accepted', 'building', 2, 'running'],
    'other rebuild': ['accepted', 'building', 2, 'running'],
    stop: ['accepted', 'turning-off', null, 'off'],
    cancelBuild: ['already', 'running', null, 'running'],
    delete: ['accepted', 'turning-off', null, 'deleted'],
    purge: ['accepted', 'turning-off', null, 'purged'],
    restore: ['already', 'running', null, 'running'],
  },
  'turning-off': {
    start: ['accepted', 'turning-off', 2, 'running'],
    'same rebuild': ['accepted', 'turning-off', 2, 'running'],
    'other rebuild': ['accepted', 'turning-off', 2, 'running'],
    stop: ['merged', 'turning-off', null, 'off'],
    cancelBuild: ['already', 'turning-off', null, 'off'],
    delete: ['accepted', 'turning-off', null, 'deleted'],
    purge: ['accepted', 'turning-off', null, 'purged'],
    restore: ['already', 'turning-off', null, 'off'],
  },
  error: {
    start: ['accepted', 'building', 2, 'running'],
    'same rebuild': ['accepted', 'building', 2, 'running'],
    'other rebuild': ['accepted', 'building', 2, 'running'],
    stop: ['accepted', 'off', null, 'off'],
    cancelBuild: ['already', 'error', null, 'error'],
    delete: ['accepted', 'deleted', null, 'deleted'],
    purge: ['accepted', 'deleted', null, 'purged'],
    restore: ['already', 'error', null, 'error'],
  },
  deleted: goneColumn('deleted', 'deleted'),
  deleting: goneColumn('turning-off', 'deleted'),
};
export const COLUMNS = Object.keys(TABLE) as Column[];

export function rowsOf(column: Column): [Request, Cell][] {
  return Object.entries(TABLE[column]) as [Request, Cell][];
}

function goneColumn(state: State, leadsTo: State): (typeof TABLE)['deleted'] {
  return {
    start: refused(state, leadsTo),
    'same rebuild': refused(state, leadsTo),
    'other rebuild': refused(state, leadsTo),
    stop: refused(state, leadsTo),
    cancelBuild: ['already', state, null, leadsTo],
    delete: ['already', state, null, leadsTo],
    purge: ['accepted', state, null, 'purged'],
    restore: ['accepted', state === 'deleted' ? 'off' : state, null, 'off'],
  };
}
