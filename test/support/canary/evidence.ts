/** Collects what leaves workspaces and processes, by kind, and searches it for secret values. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import type { PerennialClient } from '../../../src/client';
import { sendQuery } from '../../../src/client/retry';
import { flatten } from './flatten';
import { type Canary, findCanaries, needlesOf } from './needles';

const PROCESS_POLL_MS = 50;
/** How long the arguments of a process are read at each poll; after that they are read once in this time. */
const NEW_FOR_MS = 1_000;

/** A text or bytes, and where they were read. */
interface Item {
  where: string;
  content: string | Buffer;
}

export class Evidence {
  private readonly items = new Map<string, Item[]>();

  /** Keeps something; `kind` groups it for the search. */
  add(kind: string, where: string, content: string | Buffer): void {
    const items = this.items.get(kind) ?? [];
    items.push({ where, content });
    this.items.set(kind, items);
  }

  /** How much there is of a kind, so that a test sees that its search was not of nothing. */
  sizeOf(kind: string): number {
    return (this.items.get(kind) ?? []).reduce((sum, { content }) => sum + content.length, 0);
  }

  /** Whether an item of a kind has a text. */
  has(kind: string, text: string): boolean {
    return (this.items.get(kind) ?? []).some(({ content }) => content.includes(text));
  }

  /** The canaries in all items of a kind, each with where it was found. */
  leaks(kind: string, canaries: Canary[]): string[] {
    const needles = needlesOf(canaries);
    const found = (this.items.get(kind) ?? []).flatMap(({ where, content }) =>
      findCanaries(needles, content).map((canary) => `${where}: ${canary}`),
    );
    return [...new Set(found)];
  }
}

/** Names, links, and files below a folder; `without` are paths relative to it, and what lies below them is left out. */
export function addFolder(evidence: Evidence, kind: string, folder: string, without: string[] = []): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (without.some((each) => name === each || name.startsWith(`${each}/`))) continue;
    const file = path.join(folder, name);
    const found = lstatSync(file, { throwIfNoEntry: false });
    evidence.add(kind, `name of ${file}`, name);
    if (found?.isSymbolicLink()) evidence.add(kind, `link ${file}`, readlinkSync(file));
    if (found?.isFile()) evidence.add(kind, file, readOrNothing(file));
  }
}

/** Every run of every workflow: its history, and its description with memo, search attributes, and pending activities. */
export async function addWorkflows(evidence: Evidence, { temporal }: PerennialClient): Promise<void> {
  for await (const listed of temporal.workflow.list()) {
    const { workflowId, runId } = listed;
    const handle = temporal.workflow.getHandle(workflowId, runId);
    evidence.add('histories', `history of ${workflowId} ${runId}`, flatten(await handle.fetchHistory()));
    evidence.add('descriptions', `${workflowId} in the list`, flatten(listed));
    evidence.add('descriptions', `description of ${workflowId} ${runId}`, flatten(await handle.describe()));
  }
}

/** What a query of Temporal's own answers: the current details, and the summaries of timers. */
export async function addDetails(evidence: Evidence, { temporal }: PerennialClient, workflowId: string): Promise<void> {
  const handle = temporal.workflow.getHandle(workflowId);
  const details = await sendQuery(workflowId, () => handle.query('__temporal_workflow_metadata'));
  evidence.add('descriptions', `current details of ${workflowId}`, flatten(details));
}

/** Polls the arguments of all processes and the pending activities of a workflow, until it is stopped. */
export function watch(evidence: Evidence, { temporal }: PerennialClient, workflowIds: string[]): { stop(): Promise<void> } {
  const processes = setInterval(createArgumentsPoll(evidence), PROCESS_POLL_MS);
  let isStopped = false;
  const pending = (async () => {
    while (!isStopped) {
      for (const id of workflowIds) {
        const described = await temporal.workflow
          .getHandle(id)
          .describe()
          .catch(() => null);
        const { pendingActivities = null } = described?.raw ?? {};
        if (pendingActivities?.length) evidence.add('heartbeats', `pending activities of ${id}`, flatten(pendingActivities));
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  return {
    stop: async () => {
      clearInterval(processes);
      isStopped = true;
      await pending;
    },
  };
}

/**
 * A poll of the arguments of new processes, and now and then of all: a process seldom becomes another program after its first moments,
 * and to read hundreds of files each time takes most of a processor.
 */
function createArgumentsPoll(evidence: Evidence): () => void {
  const seen = new Set<string>();
  let knownSince = new Map<string, number>();
  let allReadAt = 0;
  return () => {
    const now = performance.now();
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    knownSince = new Map(pids.map((pid) => [pid, knownSince.get(pid) ?? now]));
    const readsAll = now - allReadAt >= NEW_FOR_MS;
    if (readsAll) allReadAt = now;
    for (const [pid, since] of knownSince) {
      if (!readsAll && now - since > NEW_FOR_MS) continue;
      const line = readOrNothing(`/proc/${pid}/cmdline`).toString('utf8');
      if (seen.has(line)) continue;
      seen.add(line);
      evidence.add('processes', `arguments of process ${pid} (${line.slice(0, 60)})`, line.replaceAll('\0', '\n'));
    }
  };
}

/** The environment of a process of the service. */
export function addEnvironment(evidence: Evidence, name: string, pid: number | undefined): void {
  if (pid !== undefined) evidence.add('environments', `environment of the ${name}`, readOrNothing(`/proc/${pid}/environ`));
}

function readOrNothing(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}
