/** Pings through the gateway, as a process of its own, beside the same load on a bare fastify route. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkspaceHandle } from '../../src/client';
import { installationOf } from '../../src/client/installation';
import { workspaceWorkflowId } from '../../src/contract/names';
import { createFileStore } from '../../src/secrets/files';
import { createSigningKeys } from '../../src/secrets/signing-keys';
import { mintToken } from '../../src/secrets/tokens';
import { type GatewayProcess, spawnGateway } from '../support/gateway/gateway-process';
import { until } from '../support/until';
import { cleanups } from './bench-env';
import { type LoadResult, percentile, runLoad } from './http-load';
import { inLanes } from './lanes';
import { fleetOf, memoryBenchEnv } from './memory-bench-env';
import { type Bench, type Line, line, type Measurement } from './report';
import { sized } from './size';

const SECONDS = sized(60, 5);
const CLIENTS = sized(200, 10);
const PER_SECOND = sized(1_000, 100);
const WINDOW_MS = 30_000;
/** The share of the wanted rate that both sides have to reach. */
const GOAL_RATE = 0.98;
/** What the token, the limit, the lookup, and the collapse may cost beside a bare route. */
const GOAL_CPU = 6;
const GOAL_GROWTH = 1.25;

export const gateway: Measurement = {
  name: 'gateway',
  changesFleet: true,
  title: `${PER_SECOND} pings a second through the gateway for ${SECONDS} s, against a bare fastify route`,
  run: measure,
};

async function measure(bench: Bench): Promise<Line[]> {
  const fleet = await fleetOf(bench);
  const dir = mkdtempSync(join(tmpdir(), 'perennial-bench-gateway-'));
  try {
    const bare = await onBareRoute(bench, fleet);
    const { result, signals } = await throughGateway(bench, fleet, dir);
    return report(bare, result, signals, await countUnseen(fleet, result));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const loadOn = (fleet: WorkspaceHandle[], url: string, pid: number, headers: Record<string, string>) =>
  runLoad({
    url,
    pid,
    headers,
    clients: CLIENTS,
    perSecond: PER_SECOND,
    seconds: SECONDS,
    workspaces: fleet.length,
    pathOf: (index) => `/v1/workspaces/${fleet[index]?.workspace}/ping`,
  });

async function onBareRoute(bench: Bench, fleet: WorkspaceHandle[]): Promise<LoadResult> {
  bench.say('pinging a bare fastify route');
  const child: ChildProcess = spawn(process.execPath, [join(__dirname, 'bare-route.cjs')], { stdio: ['ignore', 2, 2, 'ipc'] });
  const [message] = (await once(child, 'message')) as [{ url: string }];
  const result = await loadOn(fleet, message.url, child.pid ?? 0, {});
  child.kill();
  return result;
}

async function throughGateway(bench: Bench, fleet: WorkspaceHandle[], dir: string) {
  const { temporal } = await memoryBenchEnv(bench);
  const keys = createSigningKeys(createFileStore(join(dir, 'keys')), await installationOf(temporal));
  const subject = { kind: 'owner', owner: fleet[0]?.owner ?? '' } as const;
  const { token } = await mintToken(keys, { subject, lifeMs: 3_600_000 }, Date.now());
  const started = await start(temporal.connection as unknown as { options: { address?: string } }, dir);
  const before = Date.now();
  bench.say('pinging through the gateway');
  const result = await loadOn(fleet, started.url, started.pid, { authorization: `Bearer ${token}` });
  // The drain forwards what is held.
  await started.end('SIGTERM');
  return { result, signals: await countSignals(bench, fleet, before) };
}

/** The compiled gateway, as it is deployed. */
async function start({ options }: { options: { address?: string } }, dir: string): Promise<GatewayProcess> {
  const script = join(__dirname, '..', '..', 'dist', 'gateway.js');
  const started = await spawnGateway({ temporal: options.address ?? '', dir, script, env: { PERENNIAL_LOG_LEVEL: 'info' } });
  const end = async () => void (await started.end('SIGKILL'));
  cleanups.add(end);
  return started;
}

/** The most signals of a workspace, and whether two came within one window but for the one of the drain. */
async function countSignals(bench: Bench, fleet: WorkspaceHandle[], since: number) {
  const { temporal } = await memoryBenchEnv(bench);
  let most = 0;
  let tooSoon = 0;
  await inLanes(fleet.length, 20, async (index) => {
    const { owner = '', name = '' } = fleet[index] ?? {};
    const { events } = await temporal.workflow.getHandle(workspaceWorkflowId(owner, name)).fetchHistory();
    const times = (events ?? [])
      .filter(({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName === 'ping')
      .map(({ eventTime }) => Number(eventTime?.seconds) * 1_000 + (eventTime?.nanos ?? 0) / 1e6)
      .filter((at) => at >= since);
    most = Math.max(most, times.length);
    // The last one may be that of the drain.
    tooSoon += times.slice(1, -1).filter((at, position) => at - (times[position] ?? 0) < WINDOW_MS - 50).length;
  });
  return { most, tooSoon };
}

/** Workspaces whose last access is older than their last ping, by more than a request takes. */
async function countUnseen(fleet: WorkspaceHandle[], { lastAt, latencies }: LoadResult): Promise<number> {
  const slackMs = (latencies.at(-1) ?? 0) + 50;
  let unseen = 0;
  await inLanes(fleet.length, 20, async (index) => {
    const at = lastAt.get(index);
    const workspace = fleet[index];
    if (at === undefined || workspace === undefined) return;
    const isSeen = async () => Date.parse((await workspace.status()).autoOff.lastAccess?.at ?? '') >= at - slackMs;
    const seen = await until('it is seen', isSeen, { patienceMs: 10_000, pauseMs: 200 }).catch(() => false);
    if (!seen) unseen += 1;
  });
  return unseen;
}

function report(
  bare: LoadResult,
  through: LoadResult,
  { most, tooSoon }: { most: number; tooSoon: number },
  unseen: number,
): Line[] {
  const answered = through.statuses.get(202) ?? 0;
  const cpu = through.cpuMs / bare.cpuMs;
  const [early = 0, late = 0] = [through.memory[Math.floor(through.memory.length / 4)], through.memory.at(-1)];
  const times = (result: LoadResult) =>
    [0.5, 0.99].map((share) => `${percentile(result.latencies, share).toFixed(1)} ms`).join(' and ');
  const atMost = Math.ceil((1_000 * SECONDS) / WINDOW_MS) + 1;
  const wanted = { text: `at least ${GOAL_RATE * PER_SECOND}`, holds: through.rate >= GOAL_RATE * PER_SECOND };
  return [
    line('answers a second, gateway', through.rate.toFixed(0), wanted),
    line('answers a second, bare route', bare.rate.toFixed(0)),
    line('answered other than 202', String(through.latencies.length - answered), {
      text: 'none',
      holds: answered === through.latencies.length,
    }),
    line('processor time for each ping: ratio', cpu.toFixed(2), { text: `at most ${GOAL_CPU}`, holds: cpu <= GOAL_CPU }),
    line('processor time for each ping', `${through.cpuMs.toFixed(2)} ms, bare ${bare.cpuMs.toFixed(2)} ms`),
    line('median and 99th percentile, gateway', times(through)),
    line('median and 99th percentile, bare route', times(bare)),
    line('signals of one workspace, the last of the drain', String(most), { text: `at most ${atMost}`, holds: most <= atMost }),
    line('signals within 30 s behind another', String(tooSoon), { text: 'none', holds: tooSoon === 0 }),
    line('workspaces that do not count from their last ping', String(unseen), { text: 'none', holds: unseen === 0 }),
    line('memory, after a quarter and at the end', `${early.toFixed(0)} and ${late.toFixed(0)} MiB`, {
      text: `at most ${GOAL_GROWTH} times`,
      holds: late <= early * GOAL_GROWTH,
    }),
  ];
}
