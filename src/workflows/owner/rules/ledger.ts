/**
 * Implements docs/owners.md, "Quotas": what the workspaces of one owner have reserved. A build reserves in `admit`, the workspace gives
 * back when it is down, and a check against the workspaces themselves corrects what was lost. Messages may repeat and arrive late: each
 * names the creation and the build that it is about, and an older one changes nothing.
 */
import type { Findings, OwnerReport, Reservation, ReservationAnswer } from '../../../contract/internal/ledger';
import type { OwnerUsage } from '../../../contract/payloads';
import type { QuotaPolicy } from '../../../contract/policy';
import { formatBytes, formatCpu } from '../../../contract/quantity';
import { type Amounts, amountsOf, isWithoutLimit, refusedHome, refusedPod } from './quota';

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
  /** Entries that used nothing when they were written, the newest last. */
  ended: Subject[];
}

/** A workspace. */
interface Subject {
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
export const createLedger = (): Ledger => ({ entries: {}, count: 0, ended: [] });

/**
 * Reserves what a build needs. A repeated request gets the same answer; one of an older build, or of a build that has given back, is
 * stale. What the workspace has reserved already is never refused, so that a lower quota takes nothing away. A workspace that is refused
 * only because too much runs keeps its place for a home.
 */
export function reserve(ledger: Ledger, request: Reservation, quota: QuotaPolicy): ReservationAnswer {
  const { bornAt, build, resources } = request;
  const known = entryOf(ledger, request);
  if (known && isLate(request, known)) return { outcome: 'stale', build: known.build };
  // The pod of a workspace that was created earlier under this name and id has ended with it.
  const running = known?.running && known.bornAt === bornAt ? known : null;
  if (running?.build === build) return granted(running);
  if (!known && isFull(ledger)) return whenFull(request, quota);
  const asked = amountsOf(resources);
  const home = known?.home ? known : (movedHome(ledger, request)?.entry ?? null);
  const entry = { bornAt, sequence: known?.bornAt === bornAt ? known.sequence : 0, home: true };
  if (!isWithoutLimit(quota)) {
    const own = ownAmounts(running, home);
    const judged = { quota, others: minus(sumOf(ledger), ownAmounts(known?.running ? known : null, home)), own, asked };
    const noHome = refusedHome(judged);
    if (noHome) return { outcome: 'refused', message: noHome, home: home !== null };
    const tooMuch = refusedPod(judged);
    if (tooMuch) {
      // The build below, so that a repetition of this request is judged again. A pod that runs counts until it is given back.
      const before = running ?? { build: build - 1, running: false, cpu: asked.cpu, memory: asked.memory };
      const { cpu, memory } = before;
      put(ledger, request, {
        ...entry,
        build: before.build,
        running: before.running,
        cpu,
        memory,
        disk: home?.disk ?? asked.disk,
      });
      return { outcome: 'refused', message: tooMuch, home: true };
    }
  }
  put(ledger, request, { ...entry, build, running: true, cpu: asked.cpu, memory: asked.memory, disk: asked.disk });
  return { outcome: 'granted', reserved: resources };
}

/** Takes the report of a workspace that is down, or purged. An older one, and one of a workspace that is up, changes nothing. */
export function takeOwnerReport(ledger: Ledger, report: OwnerReport): void {
  if (report.running) return;
  const known = entryOf(ledger, report);
  const { bornAt, build, sequence, home } = report;
  if (known && (bornAt < known.bornAt || (bornAt === known.bornAt && (build < known.build || sequence <= known.sequence))))
    return;
  if (!known && isFull(ledger)) return;
  const { cpu, memory, disk } = amountsOf(report.resources);
  put(ledger, report, { bornAt, build, sequence, running: false, home, cpu, memory, disk });
}

/**
 * Takes what a check found. `before` are the entries as they were when the check began: an entry that was replaced since is left as it is,
 * since the check may have seen its workspace before that.
 */
export function takeFindings(ledger: Ledger, before: Snapshot, { findings }: Findings): void {
  for (const { name, id, build, running, home, resources } of findings) {
    const known = entryOf(ledger, { name, id });
    if (known !== before.get(keyOf({ name, id })) || (!known && isFull(ledger))) continue;
    const amounts = resources ? amountsOf(resources) : known;
    if (!amounts) continue;
    const { cpu, memory, disk } = amounts;
    const hasHome = (home ?? known?.home ?? false) && !isCountedElsewhere(ledger, { name, id });
    const entry = { bornAt: known?.bornAt ?? 0, build: build ?? known?.build ?? 0, sequence: known?.sequence ?? 0 };
    put(ledger, { name, id }, { ...entry, running, home: hasHome, cpu, memory, disk });
  }
}

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

/** The sum of what is reserved, as quantities. */
export function viewLedger(ledger: Ledger): OwnerUsage {
  const { running, homes, cpu, memory, disk } = sumOf(ledger);
  return { running, homes, cpu: formatCpu(cpu / 1_000), memory: formatBytes(memory), disk: formatBytes(disk) };
}

function granted({ cpu, memory, disk }: Entry): ReservationAnswer {
  const reserved = { cpu: formatCpu(cpu / 1_000), memory: formatBytes(memory), disk: formatBytes(disk) };
  return { outcome: 'granted', reserved };
}

/** An owner of more workspaces is not counted whole, which only a quota makes a fault. */
function whenFull({ resources }: Reservation, quota: QuotaPolicy): ReservationAnswer {
  if (isWithoutLimit(quota)) return { outcome: 'granted', reserved: resources };
  const message = `quota: expected at most ${MAX_ENTRIES} workspaces of one owner, which is all that can be counted`;
  return { outcome: 'refused', message, home: false };
}

function isLate({ bornAt, build }: Reservation, known: Entry): boolean {
  if (bornAt !== known.bornAt) return bornAt < known.bornAt;
  return build < known.build || (build === known.build && !known.running);
}

/** The home of this id, as counted for a workspace of another name that does not run; null for none. */
function movedHome(ledger: Ledger, { name, id }: Subject): (Subject & { entry: Entry }) | null {
  for (const [other, entry] of Object.entries((Object.hasOwn(ledger.entries, id) && ledger.entries[id]) || {})) {
    if (other !== name && entry.home && !entry.running) return { name: other, id, entry };
  }
  return null;
}

/** Whether the home of this id counts for a workspace of another name. */
function isCountedElsewhere({ entries }: Ledger, { name, id }: Subject): boolean {
  return Object.entries((Object.hasOwn(entries, id) && entries[id]) || {}).some(([other, { home }]) => other !== name && home);
}

/** Writes an entry. A home that was counted for another name counts here from now on. */
function put(ledger: Ledger, subject: Subject, entry: Entry): void {
  const moved = entry.home && !entryOf(ledger, subject)?.home ? movedHome(ledger, subject) : null;
  if (moved) write(ledger, moved, { ...moved.entry, home: false });
  write(ledger, subject, entry);
}

/** Entries that use nothing are kept for a while, so that late messages of their workspaces change nothing. */
function write(ledger: Ledger, { name, id }: Subject, entry: Entry): void {
  const { ended } = ledger;
  if (!entryOf(ledger, { name, id })) ledger.count += 1;
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

function entryOf({ entries }: Ledger, { name, id }: Subject): Entry | undefined {
  const named = Object.hasOwn(entries, id) ? entries[id] : undefined;
  return named && Object.hasOwn(named, name) ? named[name] : undefined;
}

function sumOf(ledger: Ledger): Amounts {
  const sum: Amounts = { running: 0, homes: 0, cpu: 0, memory: 0, disk: 0 };
  for (const { running, home, cpu, memory, disk } of listEntries(ledger).map(({ entry }) => entry)) {
    if (running) {
      sum.running += 1;
      sum.cpu += cpu;
      sum.memory += memory;
    }
    if (home) {
      sum.homes += 1;
      sum.disk += disk;
    }
  }
  return sum;
}

function ownAmounts(running: Entry | null, home: Entry | null): Amounts {
  return {
    running: running ? 1 : 0,
    cpu: running?.cpu ?? 0,
    memory: running?.memory ?? 0,
    homes: home ? 1 : 0,
    disk: home?.disk ?? 0,
  };
}

function minus(sum: Amounts, own: Amounts): Amounts {
  return {
    running: sum.running - own.running,
    cpu: sum.cpu - own.cpu,
    memory: sum.memory - own.memory,
    homes: sum.homes - own.homes,
    disk: sum.disk - own.disk,
  };
}

const isFull = ({ count }: Ledger): boolean => count >= MAX_ENTRIES;
const uses = ({ running, home }: Entry): boolean => running || home;
const keyOf = ({ name, id }: Subject): string => `${id}/${name}`;
