/**
 * Implements docs/owners.md, "Quotas": what the workspaces of one owner have reserved. A build reserves in `admit`, the workspace gives
 * back when it is down, and a check against the workspaces themselves corrects what was lost. Messages may repeat and arrive late: each
 * names the creation and the build that it is about, and an older one changes nothing.
 */
import type { Findings, OwnerReport, Reservation, ReservationAnswer } from '../../../contract/internal/ledger';
import type { OwnerUsage } from '../../../contract/payloads';
import type { QuotaPolicy } from '../../../contract/policy';
import { formatBytes, formatCpu } from '../../../contract/quantity';
import {
  type Entry,
  entryOf,
  isCountedElsewhere,
  isFull,
  keyOf,
  type Ledger,
  MAX_ENTRIES,
  movedHome,
  put,
  type Snapshot,
  sumOf,
} from './entries';
import { type Amounts, amountsOf, isWithoutLimit, refusedHome, refusedPod } from './quota';

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
