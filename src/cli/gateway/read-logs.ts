import type { WorkspaceHandle } from '../../client';
import { gatewayEvents } from '../../client/gateway/events';
import type { GatewayHttp } from '../../client/gateway/http';
import { workspacePath } from '../../client/gateway/path';
import { createLogPrinter, describeMissing, type LogPrinter } from '../output/log-printer';
import type { Session } from '../session';

/** The steps with a log. */
export const STEPS = ['configure', 'personalize'] as const;
export type Step = (typeof STEPS)[number];

/** A log that was printed. */
export interface StepLog {
  step: Step;
  /** Empty unless it is kept for JSON. */
  text: string;
  /** False where only the last lines could be had. */
  complete: boolean;
}

interface Reading {
  session: Session;
  http: GatewayHttp;
  handle: WorkspaceHandle;
  number: number;
  steps: Step[];
  follow: boolean;
}

/** Prints the logs of a build through the gateway, which masks them. */
export async function readGatewayLogs(reading: Reading): Promise<StepLog[]> {
  if (reading.follow) return followLogs(reading);
  const logs: StepLog[] = [];
  for (const step of reading.steps) logs.push(await readLog(reading, step));
  return logs;
}

const buildPath = ({ handle, number }: Reading): string => `${workspacePath(handle.owner, handle.name)}/builds/${number}`;

async function readLog(reading: Reading, step: Step): Promise<StepLog> {
  const { session, http, handle, number } = reading;
  const response = await http.open(`${buildPath(reading)}/logs/${step}`);
  const complete = response.headers.get('perennial-log') === 'whole';
  if (!complete) {
    const build = await handle.build(number);
    session.note(describeMissing(number, { ...build.steps.find(({ name }) => name === step), name: step }));
  }
  const printer = createLogPrinter(reading, step);
  const decoder = new TextDecoder();
  for await (const part of response.body ?? []) printer.take(decoder.decode(part as Uint8Array, { stream: true }));
  return { step, text: printer.end(), complete };
}

/** Prints what the steps write, in their order, until the last of them has ended. */
async function followLogs(reading: Reading): Promise<StepLog[]> {
  const { session, http, steps } = reading;
  const logs = new Map(steps.map((step) => [step as string, createFollowedLog(reading, step)]));
  for await (const { event, data } of gatewayEvents(http, `${buildPath(reading)}/events`)) {
    if (event === 'replaced') session.note(`build ${data.build} was replaced by build ${data.by}`);
    const log = event === 'step' ? logs.get(data.name) : 'step' in data ? logs.get(data.step) : undefined;
    if (event === 'output') log?.take(data);
    if (event === 'output-unavailable') log?.miss();
    if (event === 'step' && data.endedAt !== null) log?.end(data);
    if ([...logs.values()].every(({ hasEnded }) => hasEnded())) break;
  }
  return [...logs.values()].map((log) => log.result());
}

function createFollowedLog(reading: Reading, step: Step) {
  const { session } = reading;
  const printer: LogPrinter = createLogPrinter(reading, step);
  let complete = false;
  let hasEnded = false;
  let isMissing = false;
  return {
    take({ text, restarted }: { text: string; restarted?: true }) {
      complete = true;
      if (restarted) session.note(`the log of ${step} begins again`);
      printer.take(text);
    },
    miss() {
      isMissing = true;
    },
    end({
      build,
      lastLines = [],
      ...seen
    }: {
      build: number;
      name: string;
      state: string;
      message: string | null;
      lastLines?: string[];
    }) {
      if (!hasEnded && (isMissing || seen.state === 'skipped')) session.note(describeMissing(build, seen));
      if (!hasEnded && isMissing) printer.take(lastLines.map((line) => `${line}\n`).join(''));
      hasEnded = true;
    },
    hasEnded: () => hasEnded,
    result: (): StepLog => ({ step, text: printer.end(), complete }),
  };
}
