import { Context } from '@temporalio/activity';
import { startPulse } from './heartbeat';

/** What makes no headway for so long, besides the pause between rounds, is left to the heartbeat's timeout. */
const STUCK_AFTER_MS = 30_000;
/** Of more suspects than that, which only an outage makes, the rest is suspected anew by the next attempt. */
const KEPT_SUSPECTS = 500;

/** Heartbeat details, for the next attempt and in the Web UI's pending activities. */
export interface WatchHeartbeat {
  waitingFor: string;
  /** What looked wrong in the last full round. */
  suspects: string[];
  /** When the last full round began, in epoch milliseconds. */
  comparedAt: number;
}

/**
 * The heartbeat of the watch, and what the attempt before knew. It beats between the rounds too, however far apart they are, but not
 * for work that makes no headway.
 */
export function startWatchHeartbeat(watchIntervalMs: number) {
  const context = Context.current();
  const details = context.info.heartbeatDetails as Partial<WatchHeartbeat> | undefined;
  const known: WatchHeartbeat = { waitingFor: 'the first round', suspects: [], comparedAt: 0, ...details };
  let saidAt = Date.now();
  const send = () => context.heartbeat({ ...known });
  const end = startPulse(() => {
    if (Date.now() < saidAt + watchIntervalMs + STUCK_AFTER_MS) send();
  });
  return {
    known: known as Readonly<WatchHeartbeat>,
    /** Says what is waited for, as a sign of headway. */
    say: (waitingFor: string) => {
      known.waitingFor = waitingFor;
      saidAt = Date.now();
      send();
    },
    /** Keeps the outcome of a full round for the next attempt. */
    note: ({ suspects, comparedAt }: { suspects: ReadonlySet<string>; comparedAt: number }) => {
      Object.assign(known, { suspects: [...suspects].slice(0, KEPT_SUSPECTS), comparedAt });
    },
    end,
  };
}
