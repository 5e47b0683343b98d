/** Implements docs/owners.md, "Quotas": the entries of an owner's ledger, how they are written, and their sum. */
import type { Amounts } from './quota';

/** With the longest names and ids the state stays well below the server's 2 MiB for an input. */
export const MAX_ENTRIES = 5_000;
/** Entries that use nothing any more. */
const KEPT_ENDED = 100;

/** What the workspaces of one owner have reserved. */
export interface Ledger {
  /** By id, then by name: a home keeps its id when another workspace adopts it. An entry is replaced, never changed. */
  entries: Record<string, Record<string, Entry>>;
  /** How many entries there are. */
  count: number;
  /** What all entries use together; null where the numbers are too large to be added exactly, so that they are summed up each time. */
  sum: Amounts | null;
  /** Entries that used nothing when they were written, the newest last. */
  ended: Subject[];
}

/** A workspace. */
export interface Subject {
  name: string;
  id: string;
}

/** Entries by id and name. */
export type Snapshot = ReadonlyMap<string, Entry>;

/** What one workspace has reserved. */
export interface Entry {
  /** When the workspace was created, in epoch milliseconds; 0 where only its build is known. */
  bornAt: number;
  /** The newest build that reserved or gave back. */
  build: number;
  /** Of the last report; 0 before. */
  sequence: number;
  /** Whether it counts in running, cpu, and memory. */
  running: boolean;
  /** Whether it counts in homes and disk. */
  home: boolean;
  /** Thousandths of a core. */
  cpu: number;
  /** Bytes. */
  memory: number;
  /** Bytes. */
  disk: number;
}

/** Without any entry. */
export const createLedger = (): Ledger => ({ entries: {}, count: 0, sum: noAmounts(), ended: [] });

/** Every entry with its workspace. */
function listEntries({ entries }: Ledger): (Subject & { entry: Entry })[] {
  return Object.entries(entries).flatMap(([id, named]) => Object.entries(named).map(([name, entry]) => ({ name, id, entry })));
}

/** The workspaces that use something. */
export function holders(ledger: Ledger): (Subject & { entry: Entry })[] {
  return listEntries(ledger).filter(({ entry }) => uses(entry));
}

/** The entries as they are now. */
export function snapshotOf(ledger: Ledger): Snapshot {
  return new Map(listEntries(ledger).map(({ entry, ...subject }) => [keyOf(subject), entry]));
}

/** The home of this id, as counted for a workspace of another name that does not run; null for none. */
export function movedHome(ledger: Ledger, { name, id }: Subject): (Subject & { entry: Entry }) | null {
  for (const [other, entry] of Object.entries((Object.hasOwn(ledger.entries, id) && ledger.entries[id]) || {})) {
    if (other !== name && entry.home && !entry.running) return { name: other, id, entry };
  }
  return null;
}

/** Whether the home of this id counts for a workspace of another name. */
export function isCountedElsewhere({ entries }: Ledger, { name, id }: Subject): boolean {
  return Object.entries((Object.hasOwn(entries, id) && entries[id]) || {}).some(([other, { home }]) => other !== name && home);
}

/** Writes an entry. A home that was counted for another name counts here from now on. */
export function put(ledger: Ledger, subject: Subject, entry: Entry): void {
  const moved = entry.home && !entryOf(ledger, subject)?.home ? movedHome(ledger, subject) : null;
  if (moved) write(ledger, moved, { ...moved.entry, home: false });
  write(ledger, subject, entry);
}

/** Entries that use nothing are kept for a while, so that late messages of their workspaces change nothing. */
function write(ledger: Ledger, { name, id }: Subject, entry: Entry): void {
  const { ended } = ledger;
  const before = entryOf(ledger, { name, id });
  if (!before) ledger.count += 1;
  if (ledger.sum !== null) {
    if (before) addTo(ledger.sum, before, -1);
    addTo(ledger.sum, entry, 1);
    if (!isExact(ledger.sum)) ledger.sum = null;
  }
  ledger.entries[id] = { ...(Object.hasOwn(ledger.entries, id) ? ledger.entries[id] : {}), [name]: entry };
  if (uses(entry)) return;
  ended.push({ name, id });
  if (ended.length > KEPT_ENDED) forget(ledger, ended.shift());
}

function forget(ledger: Ledger, subject: Subject | undefined): void {
  const entry = subject && entryOf(ledger, subject);
  if (!entry || uses(entry) || ledger.ended.some(({ name, id }) => name === subject.name && id === subject.id)) return;
  const { [subject.name]: _, ...others } = ledger.entries[subject.id] ?? {};
  ledger.count -= 1;
  if (Object.keys(others).length === 0) delete ledger.entries[subject.id];
  else ledger.entries[subject.id] = others;
}

/** The entry of a workspace. */
export function entryOf({ entries }: Ledger, { name, id }: Subject): Entry | undefined {
  const named = Object.hasOwn(entries, id) ? entries[id] : undefined;
  return named && Object.hasOwn(named, name) ? named[name] : undefined;
}

/** What all entries use together. A reservation under a quota asks for it, so it is not computed each time. */
export function sumOf(ledger: Ledger): Amounts {
  if (ledger.sum !== null) return ledger.sum;
  const sum = noAmounts();
  for (const { entry } of listEntries(ledger)) addTo(sum, entry, 1);
  return sum;
}

/** The ledger that a run handed over: its sum is missing, or wrong, where a worker of an earlier version wrote entries. */
export function withSum(ledger: Omit<Ledger, 'sum'>): Ledger {
  const sum = sumOf({ ...ledger, sum: null });
  return { ...ledger, sum: isExact(sum) ? sum : null };
}

/** Whole numbers up to this are added and taken away without a rounding. */
function isExact(sum: Amounts): boolean {
  return Object.values(sum).every((amount) => amount <= Number.MAX_SAFE_INTEGER);
}

function addTo(sum: Amounts, { running, home, cpu, memory, disk }: Entry, sign: 1 | -1): void {
  if (running) {
    sum.running += sign;
    sum.cpu += sign * cpu;
    sum.memory += sign * memory;
  }
  if (home) {
    sum.homes += sign;
    sum.disk += sign * disk;
  }
}

const noAmounts = (): Amounts => ({ running: 0, homes: 0, cpu: 0, memory: 0, disk: 0 });

/** Whether no further workspace can be counted. */
export const isFull = ({ count }: Ledger): boolean => count >= MAX_ENTRIES;
const uses = ({ running, home }: Entry): boolean => running || home;
/** A workspace in a snapshot. */
export const keyOf = ({ name, id }: Subject): string => `${id}/${name}`;
