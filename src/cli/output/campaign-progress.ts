import type { CampaignHandle } from '../../client';
import { formatCampaignWorkspaces, formatProgress, formatProgressLine } from '../../client/pages/campaign-page';
import { toPlainText } from '../../client/pages/plain-text';
import type { CampaignProgress } from '../../contract/payloads';
import { CliFailure } from '../failure';
import type { Session } from '../session';
import { createLiveScreen } from './live-screen';
import { waitThroughOutages } from './outages';

/**
 * Shows a campaign until it has ended, then its report; of a dry run each workspace. Fails with `CampaignFailed` where not all went well,
 * or, after Ctrl-C, with `Interrupted` and exit code 130, which leaves the campaign going on.
 */
export async function followCampaign(session: Session, handle: CampaignHandle): Promise<void> {
  const { campaign } = handle;
  const progress = await watch(session, handle);
  const workspaces = progress.dryRun ? await handle.workspaces() : null;
  const result = { campaign, ...progress, ...(workspaces && { workspaces }) };
  const { state, failed, inconclusive } = progress;
  if (state !== 'done' || failed + inconclusive > 0) {
    if (!session.json) session.context.out.write(`${toPlainText(formatProgress(campaign, progress).join('\n'))}\n`);
    const sentence = `campaign ${campaign} is ${state}; \`perennial campaign progress ${campaign} --workspaces\` shows each workspace`;
    throw new CliFailure('CampaignFailed', sentence, { details: result });
  }
  const page = formatProgress(campaign, progress);
  if (workspaces !== null) page.push(formatCampaignWorkspaces(workspaces, true));
  session.print({ json: result, text: page.join('\n') });
}

async function watch(session: Session, handle: CampaignHandle): Promise<CampaignProgress> {
  const { context } = session;
  const { show, pause, end } = session.json
    ? SILENT
    : context.out.columns() === null
      ? lines(session, handle)
      : live(session, handle);
  const watching = new AbortController();
  const stop = () => watching.abort();
  // A signal that ends the command must restore the cursor too.
  const listening = [context.onInterrupt(stop), context.onTermination(stop)];
  try {
    // Said below the last drawing, as the next one appears below it.
    const note = (sentence: string) => {
      pause();
      session.note(sentence);
    };
    const watched = { session: { ...session, note }, what: () => `campaign ${handle.campaign}`, signal: watching.signal };
    return await waitThroughOutages(watched, (onAnswer) => {
      const onChange = (progress: CampaignProgress) => {
        onAnswer();
        show(progress);
      };
      return handle.waitForEnd({ onChange, signal: watching.signal });
    });
  } catch (error) {
    if (!watching.signal.aborted) throw error;
    const sentence = `stopped watching; campaign ${handle.campaign} goes on, and \`perennial campaign progress ${handle.campaign}\` shows it`;
    throw new CliFailure('Interrupted', sentence, { exitCode: 130 });
  } finally {
    end();
    for (const stopListening of listening) stopListening();
  }
}

const SILENT = { show: (_: CampaignProgress) => undefined, pause: () => undefined, end: () => undefined };

/** In a pipe: one line for each change, on standard error. */
function lines(session: Session, { campaign }: CampaignHandle) {
  let last = '';
  const show = (progress: CampaignProgress) => {
    const line = formatProgressLine(campaign, progress);
    // After an outage the progress may be what it was before.
    if (line !== last) session.note(line);
    last = line;
  };
  return { ...SILENT, show };
}

/** The report takes the place of the last drawing. */
function live({ context }: Session, { campaign }: CampaignHandle) {
  const screen = createLiveScreen(context.out);
  return {
    show: (progress: CampaignProgress) => screen.draw(formatProgress(campaign, progress).map(toPlainText)),
    pause: screen.end,
    end: () => {
      screen.draw([]);
      screen.end();
    },
  };
}
