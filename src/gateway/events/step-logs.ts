import type { StepView } from '../../contract/payloads';
import { RuntimeFailure } from '../../runtimes/failure';
import { type LogPart, type LogSource, type MaskedLog, openMaskedLog } from '../build-log/masked-log';
import { LOG_BEGIN } from '../build-log/position';
import type { LogProgress } from './event-id';

/** The output of a step. */
export type OutputEvent =
  /** Whole lines, masked. With `restarted` it is the beginning of the log as it is now. */
  | { event: 'output'; data: { build: number; step: string; text: string; restarted?: true } }
  /** It cannot be read, and why; the `lastLines` of the step are all that is known of it. */
  | { event: 'output-unavailable'; data: { build: number; step: string; message: string } };

/** A step as last seen, and how far its log was sent. */
export interface StepReading {
  build: number;
  step: StepView;
  /** Nothing more will be written. */
  hasEnded: boolean;
  /** Absent before the first event. */
  from: LogProgress | undefined;
}

/** The logs of the steps of a build. */
export interface StepLogs {
  /** What is new in the log of a step. */
  read(reading: StepReading): AsyncGenerator<{ event: OutputEvent; progress: LogProgress }>;
}

/** The steps with a log. */
export const LOGGED_STEPS = ['configure', 'personalize'] as const;
/** How often a log is tried after the end of its step, before it counts as unreadable. */
const ATTEMPTS_AFTER_END = 4;
const RETRY_MS = 500;

type ReadOutput = AsyncGenerator<{ event: OutputEvent; progress: LogProgress }>;

/** `open` gives the source of a step's log; null: this process does not hold the runtime. */
export function createStepLogs(open: ((step: string) => LogSource) | null): StepLogs {
  const logs = new Map<string, MaskedLog>();
  const over = new Set<string>();
  const logOf = (source: LogSource, { step, from }: StepReading): MaskedLog => {
    const log = logs.get(step.name) ?? openMaskedLog(source, from?.position);
    logs.set(step.name, log);
    return log;
  };
  return {
    async *read(reading) {
      const { step, hasEnded, from } = reading;
      const hasBegun = step.state !== 'waiting' && step.state !== 'skipped';
      if (!isLogged(step.name) || !hasBegun || from?.isOver || over.has(step.name)) return;
      const source = open === null ? null : open(step.name);
      if (source === null) {
        if (hasEnded) yield unavailable(reading, 'this gateway does not hold the runtime');
        return;
      }
      for (let attempt = 1; ; attempt += 1) {
        try {
          yield* readParts(logOf(source, reading), reading);
          if (hasEnded) over.add(step.name);
          return;
        } catch (error) {
          if (!(error instanceof RuntimeFailure)) throw error;
          // While the step runs, the next poll tries again.
          if (!hasEnded) return;
          if (attempt === ATTEMPTS_AFTER_END) return yield unavailable(reading, error.message);
          await source.pause(RETRY_MS);
        }
      }
    },
  };
}

const isLogged = (step: string): boolean => (LOGGED_STEPS as readonly string[]).includes(step);

/** All that is there now; the rest too where nothing more will be written. */
async function* readParts(log: MaskedLog, reading: StepReading): ReadOutput {
  const { build, step, hasEnded } = reading;
  const toEvent = ({ text, position, isRestarted }: LogPart, isOver: boolean) => ({
    event: { event: 'output', data: { build, step: step.name, text, ...(isRestarted && { restarted: true as const }) } } as const,
    progress: { position, isOver },
  });
  for (;;) {
    const part = await log.read();
    if (part === null) {
      if (hasEnded) yield unavailable(reading, `there is no log of ${step.name} of build ${build} in the home`);
      return;
    }
    if (part.text !== '') yield toEvent(part, false);
    if (part.isDrained) break;
  }
  const rest = hasEnded ? log.end() : null;
  if (rest !== null && rest.text !== '') yield toEvent(rest, true);
}

function unavailable({ build, step, from }: StepReading, message: string) {
  return {
    event: { event: 'output-unavailable', data: { build, step: step.name, message } } as const,
    progress: { position: from?.position ?? LOG_BEGIN, isOver: true },
  };
}
