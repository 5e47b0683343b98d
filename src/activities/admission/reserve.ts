/**
 * Reserves quota in the ledgers of owners. Builds of one owner that ask at the same time share one update: the server takes ten at once
 * for a workflow, and hundreds of workspaces may start in one second.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, WithStartWorkflowOperation, WorkflowUpdateFailedError } from '@temporalio/client';
import type { Reservation, ReserveAnswer, ReserveInput } from '../../contract/internal/ledger';
import { reserveUpdate } from '../../contract/messages';
import { OWNER_WORKFLOW, ownerWorkflowId, TASK_QUEUE } from '../../contract/names';
import type { KnownPolicy } from '../../contract/policy';
import { RuntimeFailure } from '../../runtimes/failure';
import { withTimeLimit } from '../../runtimes/time-limit';

/** Requests in one update; the workflow accepts at most twice as many. */
const MAX_BATCH = 100;
/** An owner's workflow may first compare its ledger with many workspaces. */
const UPDATE_LIMIT_MS = 60_000;
/** Attempts after a refusal by the server, as while the owner continues as new. Then the step itself is retried. */
const ATTEMPTS = 10;
const MIN_PAUSE_MS = 200;

/** A build that asks. */
export interface ReserveRequest extends Reservation {
  organization: string;
  owner: string;
}

/** The answer to one build, with its owner's settings. */
export type Reserved = Pick<ReserveAnswer, 'settings'> & { answer: ReserveAnswer['answers'][number] };

/** Reserves in the ledger of the build's owner, under the quota of the policy. */
export type Reserve = (request: ReserveRequest, policy: KnownPolicy) => Promise<Reserved>;

interface Waiting {
  request: Reservation;
  resolve: (reserved: Reserved) => void;
  reject: (error: unknown) => void;
}

/** Requests for one owner under one policy. */
interface Queue {
  organization: string;
  owner: string;
  policy: KnownPolicy;
  waiting: Waiting[];
}

/** Coalesces requests: all requests that arrive while an update runs share the next one. */
export function coalesceReservations(client: Client): Reserve {
  const queues = new Map<string, Queue>();

  const work = async (key: string, queue: Queue): Promise<void> => {
    while (queue.waiting.length > 0) {
      const batch = queue.waiting.splice(0, MAX_BATCH);
      try {
        const { answers, settings } = await sendBatch(client, queue, batch);
        for (const [index, { resolve, reject }] of batch.entries()) {
          const answer = answers[index];
          if (answer) resolve({ answer, settings });
          else reject(unavailable(queue, 'it gave too few answers'));
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    queues.delete(key);
  };

  return ({ organization, owner, ...request }, policy) =>
    new Promise((resolve, reject) => {
      const key = `${organization}/${owner}/${policy.version}/${policy.changedAt ?? 0}`;
      const queue = queues.get(key);
      if (queue) return void queue.waiting.push({ request, resolve, reject });
      const created: Queue = { organization, owner, policy, waiting: [{ request, resolve, reject }] };
      queues.set(key, created);
      void work(key, created);
    });
}

async function sendBatch(client: Client, queue: Queue, batch: Waiting[]): Promise<ReserveAnswer> {
  const { organization, owner, policy } = queue;
  const requests = batch.map(({ request }) => request);
  const input: ReserveInput = { requests, quota: policy.quota, policyAt: policy.changedAt ?? 0 };
  const limit = { what: `the ledger of ${owner}`, limitMs: UPDATE_LIMIT_MS };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withTimeLimit(limit, () => sendUpdate(client, { organization, owner }, input));
    } catch (error) {
      const cause = error instanceof WorkflowUpdateFailedError ? error.cause : error;
      if (attempt === ATTEMPTS || cause !== error) throw unavailable(queue, messageOf(cause), error);
      // Jitter: requests that were refused together should not return together.
      await pause(MIN_PAUSE_MS + randomInt(MIN_PAUSE_MS));
    }
  }
}

/** Starts the owner's workflow where there is none. A repeated request is answered alike, so each attempt is an update of its own. */
function sendUpdate(
  client: Client,
  { organization, owner }: { organization: string; owner: string },
  input: ReserveInput,
): Promise<ReserveAnswer> {
  const startWorkflowOperation = new WithStartWorkflowOperation(OWNER_WORKFLOW, {
    workflowId: ownerWorkflowId(organization, owner),
    taskQueue: TASK_QUEUE,
    args: [{ organization, owner }],
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
  return client.workflow.executeUpdateWithStart(reserveUpdate, { args: [input], updateId: randomUUID(), startWorkflowOperation });
}

function unavailable({ organization, owner }: Queue, why: string, cause?: unknown): RuntimeFailure {
  return new RuntimeFailure('RuntimeUnavailable', `the ledger of ${owner} in ${organization} does not answer: ${why}`, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
