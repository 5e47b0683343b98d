import { Context } from '@temporalio/activity';
import { startHeartbeat } from '../heartbeat';

/** After this long without progress, besides the pause between rounds, heartbeats end and the server retries the activity. */
const STUCK_AFTER_MS = 30_000;
/** More suspects occur only in an outage; the next attempt finds the rest again. */
const KEPT_SUSPECTS = 500;

/** Heartbeat details, for the next attempt and in the Web UI's pending activities. */
export interface WatchHeartbeat {
  waitingFor: string;
  /** What differed in the last full round. */
  suspects: string[];
  /** When the last full round began, in epoch milliseconds. */
  comparedAt: number;
}

/**
 * Starts the heartbeat of the watch with the details of the attempt before. Heartbeats are sent between rounds too, but not for a round
 * without progress.
 */
export function startWatchHeartbeat(watchIntervalMs: number) {
  const context = Context.current();
  const details = context.info.heartbeatDetails as Partial<WatchHeartbeat> | undefined;
  const known: WatchHeartbeat = { waitingFor: 'the first round', suspects: [], comparedAt: 0, ...details };
  let progressAt = Date.now();
  const send = () => context.heartbeat({ ...known });
  const end = startHeartbeat(() => {
    if (Date.now() < progressAt + watchIntervalMs + STUCK_AFTER_MS) send();
  });
  return {
    known: known as Readonly<WatchHeartbeat>,
    /** Reports progress, and what the watch waits for next. */
    progress: (waitingFor: string) => {
      known.waitingFor = waitingFor;
      progressAt = Date.now();
      send();
    },
    /** Keeps the result of a full round for the next attempt. */
    keep: ({ suspects, comparedAt }: { suspects: ReadonlySet<string>; comparedAt: number }) => {
      Object.assign(known, { suspects: [...suspects].slice(0, KEPT_SUSPECTS), comparedAt });
    },
    end,
  };
}
