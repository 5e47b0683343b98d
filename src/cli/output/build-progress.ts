import type { PendingStep, WorkspaceHandle } from '../../client';
import { createStepDiff, formatBuildTitle, formatOutcome, formatSteps } from '../../client/pages/build-lines';
import { toPlainText } from '../../client/pages/plain-text';
import { formatTook } from '../../client/pages/times';
import type { Answer, BuildView } from '../../contract/payloads';
import { CliFailure } from '../failure';
import type { Session } from '../session';
import { createLiveScreen } from './live-screen';
import { waitThroughOutages } from './outages';

const REDRAW_INTERVAL_MS = 250;

type Show = (build: BuildView, pending: PendingStep | null) => void;

interface Showing {
  show: Show;
  /** Keeps the shown lines; later ones appear below them. */
  pause(): void;
  /** Safe twice. */
  end(): void;
}

/**
 * Shows a build live until it has ended, then prints its outcome. Fails with the build's failure, with `BuildCancelled`, or,
 * after Ctrl-C, with `Interrupted` and exit code 130, which leaves the build going on.
 */
export async function watchBuild(
  session: Session,
  given: { handle: WorkspaceHandle; answer: Answer & { build: number } },
): Promise<void> {
  const { handle, answer } = given;
  const build = session.json
    ? await waitForEnd({ session, handle, number: answer.build, show: () => undefined })
    : await showBuild(session, handle, answer.build);
  const result = { workspace: handle.workspace, ...answer, result: build };
  throwIfBad(handle.workspace, build, result);
  session.print({ json: result, text: `${handle.workspace} is running (build ${build.number}, ${formatTook(build, 0)})` });
}

async function showBuild(session: Session, handle: WorkspaceHandle, number: number): Promise<BuildView> {
  const showing = session.context.out.columns() === null ? showLines(session, handle) : showLive(session, handle);
  // Printed below the shown lines, which are then redrawn below it.
  const note = (sentence: string) => {
    showing.pause();
    session.note(sentence);
  };
  try {
    const build = await waitForEnd({ session: { ...session, note }, handle, number, show: showing.show });
    showing.end();
    for (const line of formatOutcome({ ...build, failure: null })) session.context.out.write(`${toPlainText(line)}\n`);
    return build;
  } finally {
    showing.end();
  }
}

function showLines(session: Session, handle: WorkspaceHandle): Showing {
  let newLines = createStepDiff(session.context.now);
  let shownNumber: number | null = null;
  const show: Show = (build, pending) => {
    const isNew = build.number !== shownNumber;
    if (isNew) newLines = createStepDiff(session.context.now);
    shownNumber = build.number;
    const title = isNew ? [formatBuildTitle(handle.workspace, build)] : [];
    for (const line of [...title, ...newLines(build, pending)]) session.context.out.write(`${toPlainText(line)}\n`);
  };
  return { show, pause: () => undefined, end: () => undefined };
}

/** Redrawn between the changes too, so that the seconds run. */
function showLive({ context }: Session, handle: WorkspaceHandle): Showing {
  const screen = createLiveScreen(context.out);
  let last: Parameters<Show> | null = null;
  const draw = () => {
    if (last === null) return;
    const [build, pending] = last;
    const lines = [formatBuildTitle(handle.workspace, build), ...formatSteps({ build, pending, now: context.now() })];
    screen.draw(lines.map(toPlainText));
  };
  const timer = setInterval(draw, REDRAW_INTERVAL_MS);
  const show: Show = (...change) => {
    last = change;
    draw();
  };
  const end = () => {
    clearInterval(timer);
    screen.end();
  };
  return { show, pause: screen.end, end };
}

interface Waiting {
  session: Session;
  handle: WorkspaceHandle;
  number: number;
  show: Show;
}

/** The end of the build, or Ctrl-C, whichever comes first. */
async function waitForEnd({ session, handle, number, show }: Waiting): Promise<BuildView> {
  const watching = new AbortController();
  const { context } = session;
  let stopListening = () => {};
  const interrupted = new Promise<never>((_, reject) => {
    const stop = () => reject(interruption(handle.workspace, number));
    // A signal that ends the command must restore the cursor too.
    const listening = [context.onInterrupt(stop), context.onTermination(stop)];
    stopListening = () => {
      for (const end of listening) end();
    };
  });
  const onChange: Show = (...change) => (watching.signal.aborted ? undefined : show(...change));
  try {
    return await Promise.race([waitForLastBuild({ session, handle, number, onChange, signal: watching.signal }), interrupted]);
  } finally {
    watching.abort();
    stopListening();
  }
}

/** A build that was replaced is followed to the one in its place, also after an outage. */
function waitForLastBuild(given: Omit<Waiting, 'show'> & { onChange: Show; signal: AbortSignal }): Promise<BuildView> {
  const { session, handle, onChange, signal } = given;
  let { number } = given;
  const onReplaced = (replaced: number, by: number) => {
    number = by;
    session.note(`build ${replaced} of ${handle.workspace} was replaced by build ${by}, which is waited for now`);
  };
  return waitThroughOutages({ session, what: () => `build ${number}`, signal }, (onAnswer) => {
    const noteChange: Show = (...change) => {
      onAnswer();
      onChange(...change);
    };
    return handle.waitForBuild(number, { onChange: noteChange, onReplaced, signal });
  });
}

function throwIfBad(workspace: string, build: BuildView, details: Record<string, unknown>): void {
  const { failure, number } = build;
  if (failure) {
    throw new CliFailure(failure.type, `build ${number} of ${workspace} failed at ${failure.step}: ${failure.message}`, {
      details,
    });
  }
  if (isCancelled(build)) {
    const cause = `build ${number} of ${workspace} was cancelled; \`perennial explain ${workspace}\` says by what`;
    throw new CliFailure('BuildCancelled', cause, { details });
  }
}

function isCancelled({ steps, failure }: BuildView): boolean {
  return failure === null && steps.some(({ state }) => state === 'cancelled');
}

function interruption(workspace: string, number: number): CliFailure {
  const sentence = `stopped watching; build ${number} of ${workspace} goes on, and \`perennial status ${workspace}\` shows it`;
  return new CliFailure('Interrupted', sentence, { exitCode: 130 });
}
