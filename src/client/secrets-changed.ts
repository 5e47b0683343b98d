import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import pMap from 'p-map';
import type { SecretsChangedInput } from '../contract/internal/payloads';
import { secretsChangedSignal } from '../contract/messages';
import { WORKSPACE_WORKFLOW } from '../contract/names';
import { IS_OPEN_CLAUSE } from '../contract/workflow-status';
import { RequestFailure, requesting } from './failure';

/** The workspaces that a secret or a key reaches; the name is already checked. */
export type SecretsAudience = { owner: string } | { organization: string };

/** Longer than a change takes, and short enough for the limit of a minute in which a change arrives. */
const ANNOUNCED_MS = 45_000;
const AT_ONCE = 20;

/**
 * Makes a change of secrets or keys, and has the workspaces that it reaches bring their pods up to date. They are signalled before the
 * change too, with a delay, so that the end of this process between the change and its signals loses nothing.
 *
 * Rejects with a `RequestFailure` without a change where the first signals cannot be sent, and with the failure of the change itself.
 */
export async function changeSecrets<T>(client: Client, audience: SecretsAudience, change: () => Promise<T>): Promise<T> {
  await notifySecretsChanged(client, audience, { delayMs: ANNOUNCED_MS });
  const answer = await change();
  // The delayed signals have the workspaces do the same a little later.
  await notifySecretsChanged(client, audience, {}).catch(() => undefined);
  return answer;
}

/** Signals each workspace that may have a pod, and answers how many there were. Workspaces that have ended are left out. */
async function notifySecretsChanged(
  client: Client,
  audience: SecretsAudience,
  input: SecretsChangedInput,
): Promise<{ workspaces: number }> {
  const subject = 'the workspaces that have the secrets';
  const ids = await requesting(subject, () => findWorkspaces(client, audience));
  const failures: unknown[] = [];
  const signalOrNote = (workflowId: string) =>
    signal(client, workflowId, input).catch((error: unknown) => void failures.push(error));
  await pMap(ids, signalOrNote, { concurrency: AT_ONCE });
  if (failures.length === 0) return { workspaces: ids.length };
  const sentence = `${failures.length} of ${ids.length} workspaces could not be signalled`;
  throw new RequestFailure('Unavailable', sentence, { cause: failures[0] });
}

/** A workspace that is off reads the secrets when it is built. The state of a new one is not set yet. */
async function findWorkspaces(client: Client, audience: SecretsAudience): Promise<string[]> {
  const who = 'owner' in audience ? `Owner='${audience.owner}'` : `Organization='${audience.organization}'`;
  const mayHavePod = "(State IS NULL OR State NOT IN ('off', 'error', 'deleted'))";
  const query = `WorkflowType='${WORKSPACE_WORKFLOW}' AND ${who} AND ${IS_OPEN_CLAUSE} AND ${mayHavePod}`;
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
  return ids;
}

async function signal(client: Client, workflowId: string, input: SecretsChangedInput): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).signal(secretsChangedSignal, input);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
