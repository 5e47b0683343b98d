/** Compares the ledger of an owner with the workspaces: the named ones, and others that exist. */
import { Context } from '@temporalio/activity';
import { type Client, isGrpcServiceError, ServiceError, WorkflowNotFoundError } from '@temporalio/client';
import pMap from 'p-map';
import type { Finding, Findings } from '../../contract/internal/ledger';
import { statusQuery } from '../../contract/messages';
import { WORKSPACE_WORKFLOW, workspaceOfWorkflowId, workspaceWorkflowId } from '../../contract/names';
import type { Resources, StatusView, WorkspacePhase } from '../../contract/payloads';
import { DOWN_STATES } from '../../contract/states';
import { IS_OPEN_CLAUSE, isClosed } from '../../contract/workflow-status';
import { listHomeIds } from '../../runtimes/home-ids';
import type { Runtime } from '../../runtimes/runtime';
import type { Dependencies } from '../dependencies';
import { translated } from '../failure';
import { startHeartbeat } from '../heartbeat';

/** Workspaces described at once. */
const CONCURRENCY = 10;
const UNIMPLEMENTED = 12;

/** The input of `checkLedger`. */
export interface CheckLedgerInput {
  organization: string;
  owner: string;
  /** The workspaces that the ledger counts. */
  workspaces: Subject[];
}

/** A workspace of the owner. */
interface Subject {
  name: string;
  id: string;
  /** Whether the ledger counts it as running. */
  running: boolean;
}

/** A workspace as its workflow shows it. */
type Seen = 'ended' | 'unknown' | { state: WorkspacePhase };

/** The activity `checkLedger`. */
export function ledgerActivities({ client, runtime }: Dependencies) {
  return {
    /** Returns the corrections that the ledger needs. A workspace that does not answer is left as it is. */
    checkLedger: (input: CheckLedgerInput): Promise<Findings> => translated(() => checkLedger({ client, runtime }, input)),
  };
}

async function checkLedger(
  { client, runtime }: { client: Client; runtime: Runtime },
  input: CheckLedgerInput,
): Promise<Findings> {
  const { owner, organization, workspaces } = input;
  const context = Context.current();
  let done = 0;
  const send = () => context.heartbeat({ waitingFor: `${done} of ${workspaces.length} workspaces to be described` });
  send();
  const endHeartbeat = startHeartbeat(send);
  try {
    const homes = lazily(() => listHomeIds(runtime));
    const findings = await describeEach(workspaces, async (subject) => {
      done += 1;
      return checkCounted(client, owner, subject, homes);
    });
    const known = new Set(workspaces.map(({ name, id }) => `${id}/${name}`));
    const others = (await listOpen(client, { owner, organization })).filter(({ name, id }) => !known.has(`${id}/${name}`));
    const found = await describeEach(others, (subject) => checkUncounted(client, owner, subject, homes));
    return { findings: [...findings, ...found] };
  } finally {
    endHeartbeat();
  }
}

async function checkCounted(client: Client, owner: string, subject: Subject, homes: Homes): Promise<Finding | null> {
  const { name, id, running } = subject;
  const seen = await describe(client, owner, subject);
  if (seen === 'unknown') return null;
  if (seen === 'ended') {
    const list = await homes();
    const home = list === null ? {} : { home: list.has(id) };
    // The home of an ended workspace is counted while it exists.
    return running || home.home === false ? { name, id, running: false, ...home } : null;
  }
  const isDown = DOWN_STATES.has(seen.state);
  if (isDown) return running ? { name, id, running: false } : null;
  return running ? null : readAdmitted(client, owner, subject);
}

/** A workspace that the ledger does not count: of an earlier version, or after the owner's workflow was terminated. */
async function checkUncounted(client: Client, owner: string, subject: Subject, homes: Homes): Promise<Finding | null> {
  const { name, id } = subject;
  const status = await readStatus(client, owner, subject);
  if (!status) return null;
  const home = (await homes())?.has(id) ?? false;
  const running = isAdmitted(status);
  if (!running && !home) return null;
  return { name, id, build: status.build?.number ?? 0, running, home, ...resourcesOf(status) };
}

/** A workspace that is up without being counted; null while its build asks to be admitted. */
async function readAdmitted(client: Client, owner: string, subject: Subject): Promise<Finding | null> {
  const { name, id } = subject;
  const status = await readStatus(client, owner, subject);
  if (!status || !isAdmitted(status)) return null;
  return { name, id, build: status.build?.number ?? 0, running: true, ...resourcesOf(status) };
}

function isAdmitted({ state, build }: StatusView): boolean {
  return !DOWN_STATES.has(state) && build?.steps.find(({ name }) => name === 'admit')?.state === 'done';
}

/** Absent until the policy is first read, before which nothing is admitted. */
function resourcesOf({ resources: { cpu, memory, disk } }: StatusView): { resources?: Resources } {
  return cpu && memory && disk ? { resources: { cpu, memory, disk } } : {};
}

/** Null when the workspace does not answer, or is another one. */
async function readStatus(client: Client, owner: string, { name, id }: Subject): Promise<StatusView | null> {
  try {
    const status = await client.workflow.getHandle(workspaceWorkflowId(owner, name)).query(statusQuery);
    return status.id === id ? status : null;
  } catch (error) {
    Context.current().log.info('ledger: a workspace does not answer', { workspace: `${owner}/${name}`, error });
    return null;
  }
}

/** The workflow itself, since lists lag behind. */
async function describe(client: Client, owner: string, { name, id }: Subject): Promise<Seen> {
  try {
    const { status, memo, searchAttributes } = await client.workflow.getHandle(workspaceWorkflowId(owner, name)).describe();
    if (isClosed(status)) return 'ended';
    if (typeof memo?.id !== 'string') return 'unknown';
    if (memo.id !== id) return 'ended';
    const state = searchAttributes.State?.[0];
    return typeof state === 'string' ? { state: state as WorkspacePhase } : 'unknown';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'ended';
    Context.current().log.info('ledger: a workspace cannot be described', { workspace: `${owner}/${name}`, error });
    return 'unknown';
  }
}

/** The open workspaces of the owner. Only candidates: the list lags behind. */
async function listOpen(client: Client, { owner, organization }: { owner: string; organization: string }): Promise<Subject[]> {
  const query = `WorkflowType='${WORKSPACE_WORKFLOW}' AND Owner='${owner}' AND Organization='${organization}' AND ${IS_OPEN_CLAUSE}`;
  const open: Subject[] = [];
  try {
    for await (const { workflowId, memo } of client.workflow.list({ query })) {
      const name = workspaceOfWorkflowId(workflowId).split('/')[1];
      if (name && typeof memo?.id === 'string') open.push({ name, id: memo.id, running: false });
    }
  } catch (error) {
    if (!isUnimplemented(error)) throw error;
  }
  return open;
}

/** A server without visibility, as in tests. */
function isUnimplemented(error: unknown): boolean {
  const inner = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(inner) && inner.code === UNIMPLEMENTED;
}

/** The ids of the homes that exist; null when the list may be incomplete. */
type Homes = () => Promise<Set<string> | null>;

function lazily<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | null = null;
  return () => {
    result ??= work();
    return result;
  };
}

async function describeEach<T>(items: T[], work: (item: T) => Promise<Finding | null>): Promise<Finding[]> {
  return (await pMap(items, work, { concurrency: CONCURRENCY })).filter((finding) => finding !== null);
}
