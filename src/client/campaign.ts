import { setTimeout as pause } from 'node:timers/promises';
import { type Client, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { cancelSignal, pauseSignal, progressQuery, resumeSignal, workspacesQuery } from '../contract/messages';
import { CAMPAIGN_WORKFLOW, campaignWorkflowId, TASK_QUEUE } from '../contract/names';
import type { ByInput, CampaignInput, CampaignProgress, CampaignWorkspace } from '../contract/payloads';
import { isClosed } from '../contract/workflow-status';
import { RequestFailure, requesting } from './failure';
import { sendQuery } from './retry';

const FIRST_POLL_MS = 300;
const MAX_POLL_MS = 3_000;
const BACKOFF = 1.3;

/** How a campaign is waited for. */
export interface CampaignWaitOptions {
  /** Called with the progress at the begin, and whenever it has changed. */
  onChange?(progress: CampaignProgress): void;
  /** Ends the wait; the campaign goes on. */
  signal?: AbortSignal;
}

/**
 * One campaign. Every method rejects with a `RequestFailure`: besides the types named at each, of type `NotFound` where the campaign does
 * not exist or was terminated, the type of its refusal where its input was refused, `Unavailable` where Temporal or the worker does not
 * answer, and `Failed` for anything else.
 */
export interface CampaignHandle {
  /** `organization/id`. */
  campaign: string;

  /**
   * Starts the campaign. Resolves before anything is done; `progress` and `waitForEnd` reject where the input was refused.
   *
   * @throws `AlreadyExists` where a campaign of that id is under way, which is untouched.
   *
   * ```ts
   * await client.campaign('default', 'jdk-21').start({ image: 'starter:2', reason: 'jdk', by: 'root', atOnce: 20, maxFailures: 3 });
   * ```
   */
  start(input: Omit<CampaignInput, 'organization'>): Promise<void>;

  /**
   * How far the campaign is, also after its end.
   *
   * ```ts
   * const { state, done, total } = await campaign.progress();
   * ```
   */
  progress(): Promise<CampaignProgress>;

  /**
   * All its workspaces by name, also after its end.
   *
   * ```ts
   * const failed = (await campaign.workspaces()).filter(({ state }) => state === 'failed');
   * ```
   */
  workspaces(): Promise<CampaignWorkspace[]>;

  /** Begins no further rebuild until it is resumed. A signal: it needs no worker. */
  pause(input?: ByInput): Promise<void>;

  /** Goes on after a pause. A signal: it needs no worker. */
  resume(input?: ByInput): Promise<void>;

  /** Ends the campaign when the rebuilds under way have ended. A signal: it needs no worker. */
  cancel(input?: ByInput): Promise<void>;

  /**
   * Waits until the campaign has ended, and answers its last progress.
   *
   * ```ts
   * const { state, failed } = await campaign.waitForEnd({ onChange: ({ done, total }) => show(done, total) });
   * ```
   */
  waitForEnd(options?: CampaignWaitOptions): Promise<CampaignProgress>;
}

/** A handle of a campaign, which need not exist yet. */
export function campaignHandle(client: Client, organization: string, id: string): CampaignHandle {
  const workflowId = campaignWorkflowId(organization, id);
  const campaign = `${organization}/${id}`;
  const subject = `campaign ${campaign}`;
  const handle = client.workflow.getHandle(workflowId);
  const read = async (): Promise<{ progress: CampaignProgress; isOver: boolean }> => {
    const isOver = await checkEnd(handle, subject);
    return { progress: await sendQuery(subject, () => handle.query(progressQuery)), isOver };
  };
  return {
    campaign,
    start: (input) =>
      requesting(subject, async () => {
        await client.workflow.start(CAMPAIGN_WORKFLOW, { workflowId, taskQueue: TASK_QUEUE, args: [{ organization, ...input }] });
      }),
    progress: async () => (await read()).progress,
    workspaces: async () => {
      await checkEnd(handle, subject);
      return listAll(subject, handle);
    },
    pause: (input = {}) => requesting(subject, () => handle.signal(pauseSignal, input)),
    resume: (input = {}) => requesting(subject, () => handle.signal(resumeSignal, input)),
    cancel: (input = {}) => requesting(subject, () => handle.signal(cancelSignal, input)),
    waitForEnd: ({ onChange, signal } = {}) =>
      requesting(subject, async () => {
        let shown = '';
        for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(MAX_POLL_MS, pollMs * BACKOFF)) {
          const { progress, isOver } = await read();
          const now = JSON.stringify(progress);
          if (now !== shown) onChange?.(progress);
          shown = now;
          if (isOver) return progress;
          await pause(pollMs, undefined, signal && { signal });
        }
      }),
  };
}

/** Whether the campaign has ended by itself. Rejects where it was refused or terminated, since its last progress does not hold. */
async function checkEnd(handle: WorkflowHandle, subject: string): Promise<boolean> {
  return requesting(subject, async () => {
    const { status } = await describe(handle, subject);
    if (!isClosed(status)) return false;
    if (status.name === 'COMPLETED') return true;
    // Rejects with the refusal.
    if (status.name === 'FAILED') await handle.result();
    throw new RequestFailure('NotFound', `${subject} was ${status.name.toLowerCase()}`);
  });
}

async function describe(handle: WorkflowHandle, subject: string) {
  try {
    return await handle.describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError)
      throw new RequestFailure('NotFound', `${subject} does not exist`, { cause: error });
    throw error;
  }
}

async function listAll(subject: string, handle: WorkflowHandle): Promise<CampaignWorkspace[]> {
  const all: CampaignWorkspace[] = [];
  for (let offset: number | null = 0; offset !== null; ) {
    const from: number = offset;
    const { workspaces, next } = await sendQuery(subject, () => handle.query(workspacesQuery, { offset: from }));
    all.push(...workspaces);
    offset = next;
  }
  return all;
}
