/** A load of pings over HTTP from many clients, each with a connection of its own, at a fixed rate. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export interface Load {
  url: string;
  headers: Record<string, string>;
  clients: number;
  perSecond: number;
  seconds: number;
  workspaces: number;
  /** The path of a workspace's ping. */
  pathOf(index: number): string;
  /** The process under load. */
  pid: number;
}

export interface LoadResult {
  /** Answers a second. */
  rate: number;
  /** Milliseconds from the request to its answer, in ascending order. */
  latencies: number[];
  /** Answers by status; 0 for a failed request. */
  statuses: Map<number, number>;
  /** When the last ping of each workspace was answered, epoch milliseconds. */
  lastAt: Map<number, number>;
  /** The processor time of the process under load, milliseconds for each answer. */
  cpuMs: number;
  /** Resident memory of the process under load in MiB, once a second. */
  memory: number[];
}

/** Sends the pings; each client waits for its answer before the next, and makes up for a late one. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const { clients, perSecond, seconds, pid } = load;
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const result: LoadResult = { rate: 0, latencies: [], statuses: new Map(), lastAt: new Map(), cpuMs: 0, memory: [] };
  const everyMs = (1_000 * clients) / perSecond;
  const startedAt = performance.now();
  const endsAt = startedAt + 1_000 * seconds;
  const cpuBefore = cpuMsOf(pid);
  const watching = setInterval(() => result.memory.push(residentMiB(pid)), 1_000);
  const runClient = async (client: number) => {
    for (let turn = 0; ; turn += 1) {
      const dueAt = startedAt + (turn + client / clients) * everyMs;
      if (dueAt >= endsAt) return;
      await pause(Math.max(0, dueAt - performance.now()));
      // Each client goes through the workspaces with a step of its own.
      await ping({ load, agent, result, workspace: (client * 31 + turn * 7) % load.workspaces });
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => runClient(client)));
  clearInterval(watching);
  agent.destroy();
  const answers = result.latencies.length;
  result.rate = (1_000 * answers) / (performance.now() - startedAt);
  result.cpuMs = (cpuMsOf(pid) - cpuBefore) / answers;
  result.latencies.sort((a, b) => a - b);
  return result;
}

async function ping({ load, agent, result, workspace }: { load: Load; agent: Agent; result: LoadResult; workspace: number }) {
  const sentAt = performance.now();
  const status = await new Promise<number>((resolve) => {
    const sent = request(`${load.url}${load.pathOf(workspace)}`, { method: 'POST', agent, headers: load.headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.on('error', () => resolve(0)).end();
  });
  result.latencies.push(performance.now() - sentAt);
  result.statuses.set(status, (result.statuses.get(status) ?? 0) + 1);
  if (status === 202) result.lastAt.set(workspace, Date.now());
}

export const percentile = (sorted: number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;

/** User and system time; the clock of Linux has 100 ticks a second. */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
}
