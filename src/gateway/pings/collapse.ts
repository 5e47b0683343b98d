/**
 * Collapses the pings of each workspace: at most one signal in each window. A ping that comes within the window behind a signal that
 * Temporal took is held, and forwarded at the end of the window with its own time. Of several held pings the latest is forwarded, since the last
 * access is all that a workspace keeps.
 */
import pMap, { pMapSkip } from 'p-map';
import { RequestFailure } from '../../client';
import type { PingInput } from '../../contract/payloads';
import type { Target } from '../auth/authorize';

export type PingOutcome = 'forwarded' | 'held';

export interface CollapseOptions {
  /** Sends the signal; resolves when Temporal took it. */
  send(target: Target, input: PingInput): Promise<void>;
  now(): number;
  windowMs: number;
  /** Called for each held ping that could not be forwarded and is tried again. */
  onRetry(target: Target, error: unknown): void;
}

/** A ping with the moment of the use, epoch milliseconds. */
interface TimedPing {
  at: number;
  input: PingInput;
}

/** One workspace that was pinged within the window. */
interface Entry {
  target: Target;
  /** When Temporal took the last one, epoch milliseconds; null: none within the window. */
  takenAt: number | null;
  held: TimedPing | null;
  /** The signal under way. Callers that come meanwhile share its failure. */
  sending: Promise<void> | null;
  timer: NodeJS.Timeout | null;
  failures: number;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;
const LONGEST_DRAIN_PAUSE_MS = 2_000;
const AT_ONCE = 100;

/** The pings of one copy of the gateway. */
export class PingCollapse {
  private readonly entries = new Map<string, Entry>();
  private isDraining = false;

  constructor(private readonly options: CollapseOptions) {}

  /** Resolves once the ping is taken by Temporal or held. Rejects where Temporal did not take it. */
  async ping(target: Target, input: PingInput): Promise<PingOutcome> {
    const { now, windowMs } = this.options;
    const ping = timed(input, now());
    const entry = this.entryOf(target);
    if (entry.sending) await entry.sending;
    const isBehindTaken = entry.takenAt !== null && now() - entry.takenAt < windowMs;
    if (isBehindTaken && !this.isDraining) {
      entry.held = latestOf(entry.held, { at: ping.at, input: { ...input, at: new Date(ping.at).toISOString() } });
      return 'held';
    }
    await this.send(entry, ping);
    return 'forwarded';
  }

  /**
   * Forwards everything held, now, with retries for `withinMs`, and holds nothing from here on. Resolves with the workspaces whose ping is
   * lost; a signal that is under way at the end may take longer.
   */
  async drain(withinMs: number): Promise<string[]> {
    this.isDraining = true;
    const endsAt = this.options.now() + withinMs;
    let left = await this.forwardAll([...this.entries.values()]);
    for (let pauseMs = FIRST_RETRY_MS; left.length > 0; pauseMs = Math.min(2 * pauseMs, LONGEST_DRAIN_PAUSE_MS)) {
      if (this.options.now() + pauseMs > endsAt) break;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      left = await this.forwardAll(left);
    }
    return left.map(({ target }) => keyOf(target));
  }

  /** The workspaces with a held ping. */
  held(): string[] {
    return [...this.entries].flatMap(([key, { held }]) => (held === null ? [] : [key]));
  }

  private entryOf(target: Target): Entry {
    const key = keyOf(target);
    const entry = this.entries.get(key) ?? { target, takenAt: null, held: null, sending: null, timer: null, failures: 0 };
    this.entries.set(key, entry);
    return entry;
  }

  private send(entry: Entry, ping: TimedPing): Promise<void> {
    if (entry.sending) return entry.sending.then(() => this.send(entry, ping));
    if (entry.timer) clearTimeout(entry.timer);
    const latest = latestOf(entry.held, ping);
    entry.sending = this.options
      .send(entry.target, latest.input)
      .then(
        () => this.noteTaken(entry, latest),
        (error: unknown) => {
          this.retryHeld(entry, error);
          throw error;
        },
      )
      .finally(() => {
        entry.sending = null;
      });
    return entry.sending;
  }

  private noteTaken(entry: Entry, taken: TimedPing): void {
    entry.takenAt = this.options.now();
    entry.failures = 0;
    if (entry.held && entry.held.at <= taken.at) entry.held = null;
    this.wake(entry, this.options.windowMs);
  }

  /** A held ping was promised, so it is tried again until Temporal takes it or the workspace has ended. */
  private retryHeld(entry: Entry, error: unknown): void {
    if (entry.held === null || isEnded(error)) {
      this.forget(entry);
      return;
    }
    this.options.onRetry(entry.target, error);
    this.wake(entry, Math.min(FIRST_RETRY_MS * 2 ** entry.failures, LONGEST_RETRY_MS));
    entry.failures += 1;
  }

  private wake(entry: Entry, afterMs: number): void {
    if (entry.timer) clearTimeout(entry.timer);
    entry.timer = this.isDraining ? null : setTimeout(() => this.endWindow(entry), afterMs).unref();
  }

  private endWindow(entry: Entry): void {
    entry.takenAt = null;
    // A failure is tried again, and was reported.
    if (entry.held) void this.send(entry, entry.held).catch(() => {});
    else if (!entry.sending) this.forget(entry);
  }

  private forget(entry: Entry): void {
    if (entry.timer) clearTimeout(entry.timer);
    entry.held = null;
    this.entries.delete(keyOf(entry.target));
  }

  /** Resolves with the entries whose ping Temporal did not take. */
  private async forwardAll(entries: Entry[]): Promise<Entry[]> {
    const forward = async (entry: Entry) => ((await this.forwardLast(entry)) ? pMapSkip : entry);
    return pMap(entries, forward, { concurrency: AT_ONCE });
  }

  private async forwardLast(entry: Entry): Promise<boolean> {
    if (entry.timer) clearTimeout(entry.timer);
    await entry.sending?.catch(() => {});
    if (entry.held === null) return true;
    return this.send(entry, entry.held).then(() => true, isEnded);
  }
}

const keyOf = ({ owner, name }: Target): string => `${owner}/${name}`;

/** An access in the future counts as one now, at the moment at which it came. */
function timed(input: PingInput, now: number): TimedPing {
  const at = input.at === undefined ? now : Math.min(Date.parse(input.at), now);
  return { at, input };
}

const latestOf = (held: TimedPing | null, ping: TimedPing): TimedPing => (held !== null && held.at > ping.at ? held : ping);

const isEnded = (error: unknown): boolean => error instanceof RequestFailure && error.type === 'NotFound';
