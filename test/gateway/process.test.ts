/** The gateway as processes on a real Temporal server: several copies, the drain, kill -9, settings, certificates. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { request as beginRequest, type IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkspaceHandle } from '../../src/client';
import { installationOf } from '../../src/client/installation';
import { HOUR_MS } from '../../src/contract/duration';
import { createFileStore } from '../../src/secrets/files';
import { createSigningKeys } from '../../src/secrets/signing-keys';
import { mintToken } from '../../src/secrets/tokens';
import { type GatewayProcess, killGateways, spawnGateway } from '../support/gateway/gateway-process';
import { until } from '../support/until';
import { type Stack, startStack, untilState } from '../support/workflows/temporal-env';

let stack: Stack;
let dir: string;
let workspace: WorkspaceHandle;
let headers: { authorization: string };
let temporal: string;

beforeAll(async () => {
  stack = await startStack('dev');
  dir = mkdtempSync(path.join(tmpdir(), 'perennial-gateway-'));
  temporal = stack.server?.address ?? '';
  workspace = await stack.client.create({ owner: 'ada', name: 'dev', image: 'starter:1' });
  await untilState(workspace, 'running');
  const keys = createSigningKeys(createFileStore(path.join(dir, 'keys')), await installationOf(stack.client.temporal));
  const { token } = await mintToken(keys, { subject: { kind: 'owner', owner: 'ada' }, lifeMs: HOUR_MS }, Date.now());
  headers = { authorization: `Bearer ${token}` };
});

afterAll(async () => {
  killGateways();
  await stack?.close();
  rmSync(dir, { recursive: true, force: true });
});

const spawn = (env: NodeJS.ProcessEnv = {}) => spawnGateway({ temporal, dir, env });

async function ping({ url }: GatewayProcess): Promise<string> {
  const answer = await fetch(`${url}/v1/workspaces/ada/dev/ping`, { method: 'POST', headers });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { outcome: string }).outcome;
}

const lastAccess = async () => Date.parse((await workspace.status()).autoOff.lastAccess?.at ?? '');

test('Copies side by side serve the same, and each collapses pings for itself.', async () => {
  const copies = await Promise.all([spawn(), spawn()]);
  const answers = await Promise.all(
    copies.map(async ({ url }) => (await fetch(`${url}/v1/workspaces/ada/dev`, { headers })).json()),
  );
  expect(answers[0]).toEqual(answers[1]);
  expect(await Promise.all(copies.map(ping))).toEqual(['forwarded', 'forwarded']);
  expect(await Promise.all(copies.map(ping))).toEqual(['held', 'held']);
  expect(await Promise.all(copies.map(({ end }) => end('SIGTERM')))).toEqual([0, 0]);
});

test('SIGTERM forwards a held ping with its own time, and exits with 0.', async () => {
  const gateway = await spawn();
  await ping(gateway);
  // A ping without a time counts from when the workspace takes it, so it has by now.
  const before = await lastAccess();
  await delay(20);
  const heldAt = Date.now();
  expect(await ping(gateway)).toBe('held');
  const answeredAt = Date.now();
  await delay(20);
  expect(await gateway.end('SIGTERM')).toBe(0);
  const after = await lastAccess();
  expect([before < heldAt, after >= heldAt, after <= answeredAt]).toEqual([true, true, true]);
});

test('SIGTERM lets a call under way end, and refuses new ones.', async () => {
  const gateway = await spawn();
  const underWay = beginRequest(`${gateway.url}/v1/workspaces/ada/dev/ping`, {
    method: 'POST',
    // The server says so once it has the call, whose body is still to come.
    headers: { ...headers, 'content-type': 'application/json', expect: '100-continue' },
  });
  const answer = once(underWay, 'response') as Promise<[IncomingMessage]>;
  await once(underWay, 'continue');
  const ended = gateway.end('SIGTERM');
  await until('the gateway drains', () => gateway.lines().some(({ msg }) => msg === 'gateway: draining'));
  const drainsSince = Date.now();
  underWay.end('{}');
  const [{ statusCode }] = await answer;
  expect(statusCode).toBe(202);
  expect(await ended).toBe(0);
  expect(await lastAccess()).toBeGreaterThanOrEqual(drainsSince);
  await expect(fetch(`${gateway.url}/healthz`)).rejects.toThrow();
});

test('After kill -9 the next copy goes on; what Temporal took is kept, and a held ping is lost, which was at most 30 s newer.', async () => {
  const gateway = await spawn();
  const sentAt = Date.now();
  await ping(gateway);
  await ping(gateway);
  await gateway.end('SIGKILL');
  expect(await lastAccess()).toBeGreaterThanOrEqual(sentAt);
  const next = await spawn();
  expect(await ping(next)).toBe('forwarded');
  expect(await next.end('SIGTERM')).toBe(0);
});

test('While no worker runs, pings are taken, and reads are answered 503 in time.', async () => {
  const gateway = await spawn();
  await stack.stopWorkers();
  try {
    expect(await ping(gateway)).toBe('forwarded');
    const answer = await fetch(`${gateway.url}/v1/workspaces/ada/dev`, { headers });
    expect([answer.status, await answer.json()]).toMatchObject([503, { error: { type: 'Unavailable' } }]);
  } finally {
    await stack.startWorkers();
  }
  expect((await fetch(`${gateway.url}/v1/workspaces/ada/dev`, { headers })).status).toBe(200);
  await gateway.end('SIGTERM');
});

test('Metrics are on a port of their own, and not on that of the callers.', async () => {
  const gateway = await spawn({ PERENNIAL_GATEWAY_METRICS_PORT: '0' });
  await ping(gateway);
  const { port } = gateway.lines().find(({ msg }) => msg === 'metrics: ready') ?? {};
  const text = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();
  expect(text).toContain('perennial_gateway_pings_total{outcome="forwarded"} 1');
  expect(text).toMatch(
    /perennial_gateway_request_seconds_count\{method="POST",route="\/v1\/workspaces\/:owner\/:name\/ping",status="202"\} 1/,
  );
  expect((await fetch(`${gateway.url}/metrics`, { headers })).status).toBe(404);
  await gateway.end('SIGTERM');
});

test('A certificate that is replaced while the gateway runs is used for connections from then on.', async () => {
  const tls = mkdtempSync(path.join(dir, 'tls-'));
  const files = { cert: path.join(tls, 'tls.crt'), key: path.join(tls, 'tls.key') };
  makeCertificate('first.example', files);
  const gateway = await spawn({ PERENNIAL_GATEWAY_TLS_CERT: files.cert, PERENNIAL_GATEWAY_TLS_KEY: files.key });
  expect(await nameOf(gateway)).toBe('first.example');
  const next = { cert: path.join(tls, 'next.crt'), key: path.join(tls, 'next.key') };
  makeCertificate('second.example', next);
  // Half a replacement is no pair, and the first stays.
  cpSync(next.cert, files.cert);
  await until('the failure is logged', () => gateway.lines().some(({ msg }) => msg === 'certificate: not reloaded'));
  expect(await nameOf(gateway)).toBe('first.example');
  cpSync(next.key, files.key);
  await until('the certificate is reloaded', async () => (await nameOf(gateway)) === 'second.example');
  await gateway.end('SIGTERM');
});

test.each([
  [{ PERENNIAL_GATEWAY_PORT: 'http' }, 'PERENNIAL_GATEWAY_PORT: expected a whole number from 0 to 65535, got "http"'],
  [{ PERENNIAL_GATEWAY_TLS_CERT: '/nowhere' }, 'PERENNIAL_GATEWAY_TLS_KEY: expected both'],
  [{ PERENNIAL_RUNTIME: 'docker' }, 'PERENNIAL_RUNTIME'],
])('A wrong setting %j ends it with a sentence that names the variable.', async (env, sentence) => {
  await expect(spawn(env)).rejects.toThrow(sentence);
});

function makeCertificate(name: string, { cert, key }: { cert: string; key: string }): void {
  const what = [
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
  ];
  execFileSync('openssl', ['req', ...what, '-keyout', key, '-out', cert], { stdio: 'ignore' });
}

/** The name in the certificate that a new connection is given. */
function nameOf({ url }: GatewayProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/healthz`, { rejectUnauthorized: false, agent: false }, (answer) => {
      const { subject } = (answer.socket as import('node:tls').TLSSocket).getPeerCertificate();
      answer.resume().on('end', () => resolve(String(subject.CN)));
    });
    sent.on('error', reject).end();
  });
}
