/** Secrets on a whole embedded stack: private repositories, changes that reach running workspaces, and kill -9 in the middle of them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { withLock } from '../../src/runtimes/sandbox/lock/file-lock';
import { createFileStore } from '../../src/secrets/files';
import { findOwnerKey } from '../../src/secrets/owner-key';
import { RUN_LIMIT_MS, readKeys } from '../support/canary/canary-stack';
import { addFolder, addWorkflows } from '../support/canary/evidence';
import { type GitStack, IMAGE, listRemoteWith, NAMES, type Name, PASSWORD, startGitStack } from '../support/canary/git-stack';
import { plantCanary } from '../support/canary/needles';
import { MISSING } from '../support/git-servers';
import { canIsolate, findTraces } from '../support/runtimes/sandbox-env';
import { holdInjection, INJECTION_PROGRAMS, readHookLog, readRuns } from '../support/start/held-steps';
import { readProcesses } from '../support/start/start-process';
import { until } from '../support/until';

jest.setTimeout(RUN_LIMIT_MS);

const WITHIN_A_MINUTE = { patienceMs: 60_000, pauseMs: 200 };

let stack: GitStack;
/** The folder of each workspace's home. */
let homes: Record<Name, string>;

const run = (line: string) => stack.run(line);
const inside = (name: Name, script: string) => stack.inTerminal(name, script);
const workspace = (name: Name) => stack.workspace(name);
const store = () => createFileStore(path.join(stack.dir, 'keys'));
const keyVersion = async () => (await findOwnerKey(store(), 'ada'))?.version ?? 0;
const tokenVersion = async () => (await store().get({ kind: 'secret', holder: 'owner/ada', name: 'NPM_TOKEN' }))?.version ?? 0;
const historyLength = async (name: Name) =>
  (await stack.client.temporal.workflow.getHandle(`workspace/ada/${name}`).describe()).historyLength;
const listRemote = (name: Name) => inside(name, `git ls-remote ${stack.ssh.uri}`);
const askAs = (token: string) => stack.ask('/v1/workspaces/ada/web', { token });
const isSettled = async (name: Name, build: number) => {
  const { state, build: newest } = await workspace(name).status();
  return newest?.number === build && newest.endedAt !== null && state === 'running';
};

async function setToken(place: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const canary = plantCanary(place);
  stack.canaries.push(canary);
  const options = { stdin: `${canary.value}\n`, env };
  expect(await stack.perennial(['secret', 'set', 'ada', 'NPM_TOKEN', '--env', 'NPM_TOKEN'], options)).toMatchObject({ code: 0 });
  return canary.value;
}

const untilInside = (name: Name, value: string) =>
  until(
    `a new terminal of ${name} has the value`,
    async () => (await inside(name, 'printf %s "$NPM_TOKEN"')) === value,
    WITHIN_A_MINUTE,
  );

/** One set in the pod's memory, no process of an injection, no draft in the store, and no value on the disk but in the store. */
async function expectNothingLeft(): Promise<void> {
  for (const name of NAMES) {
    const list = `cd "\${PERENNIAL_SECRETS_DIR:-/run/perennial/secrets}" && ls -A | sed "s/^gen[.].*/gen/"`;
    await until(
      `one set is in the memory of ${name}`,
      async () => (await inside(name, list)) === 'bin\ncurrent\ngen\nsettings\n',
    );
    await until(`no process is left in ${name}`, () => findTraces(path.basename(homes[name])).length <= 3);
  }
  expect(readdirSync(path.join(stack.dir, 'keys')).sort()).toEqual(['.lock', 'secret', 'signing-key', 'ssh-key']);
  await readKeys(stack);
  for (const name of NAMES) addFolder(stack.evidence, 'home', homes[name], ['.perennial/logs']);
  expect(stack.evidence.leaks('home', stack.canaries)).toEqual([]);
}

const testAcceptance = () => {
  test('Private dotfiles are cloned over SSH by one workspace, and over HTTPS by another.', async () => {
    const uris = { dev: stack.ssh.uri, web: stack.https.uri };
    const create = (name: Name) => run(`create ada/${name} --image ${IMAGE} --dotfiles ${uris[name]}`);
    await Promise.all(NAMES.map(create));
    const ids = await Promise.all(NAMES.map(async (name) => (await workspace(name).status()).id));
    homes = { dev: path.join(stack.dir, 'homes', ids[0] ?? ''), web: path.join(stack.dir, 'homes', ids[1] ?? '') };
    for (const name of NAMES) expect(readFileSync(path.join(homes[name], '.vimrc'), 'utf8')).toBe('set number\n');
    expect(new Set(stack.https.seen)).toEqual(new Set([`oauth2:${PASSWORD}`]));
  });

  test('A secret that is set reaches new terminals within a minute without a rebuild, is masked in the log, and goes as it came.', async () => {
    const value = await setToken('variable of a running workspace');
    await Promise.all(NAMES.map((name) => untilInside(name, value)));
    expect((await workspace('dev').status()).build?.number).toBe(1);
    await run('rebuild ada/dev');
    expect(readHookLog({ home: homes.dev, step: 'configure', build: 2 })).toBe(`the token is ${value}\n`);
    expect(await run('logs ada/dev --step configure')).toBe('the token is ***\n');
    await run('secret delete ada NPM_TOKEN');
    await Promise.all(NAMES.map((name) => untilInside(name, '')));
    expect((await workspace('dev').status()).build?.number).toBe(2);
    expect(await run('logs ada/dev --step configure')).toBe('the token is ***\n');
  });

  test('A rotation reaches the running workspaces, and a server that has the new key refuses the old one.', async () => {
    const old = (await findOwnerKey(store(), 'ada'))?.privateKey ?? '';
    expect(listRemoteWith(stack.ssh.uri, old)).toContain('refs/heads/main');
    const rotated = await run('key rotate ada');
    expect(rotated).toMatch(/^ssh-ed25519 \S+ ada@perennial\nada\/dev has SHA256:\S+\nada\/web has SHA256:\S+\n$/);
    for (const name of NAMES) expect(await listRemote(name)).toContain('Permission denied');
    stack.ssh.accept(rotated.split('\n')[0] ?? '');
    for (const name of NAMES) expect(await listRemote(name)).toContain('refs/heads/main');
    expect(listRemoteWith(stack.ssh.uri, old)).toContain('Permission denied');
    expect((await workspace('web').status()).build?.number).toBe(1);
  });

  test('A workspace sees, pings, and stops itself, and its token is refused once its pod has ended.', async () => {
    const token = (await inside('web', 'cat "$PERENNIAL_TOKEN_FILE"')).trim();
    expect(await inside('web', 'perennial status')).toMatch(/^ada\/web is running/);
    expect(await inside('web', 'perennial ping >/dev/null && echo taken')).toBe('taken\n');
    expect(await askAs(token)).toBe(200);
    // The terminal ends with its pod.
    await inside('web', 'perennial stop').catch(() => undefined);
    await until('web is off', async () => (await workspace('web').status()).state === 'off');
    expect(await askAs(token)).toBe(401);
    await run('start ada/web');
    expect(await askAs(token)).toBe(401);
    expect(await askAs((await inside('web', 'cat "$PERENNIAL_TOKEN_FILE"')).trim())).toBe(200);
  });
};

type Part = 'worker' | 'gateway';

/** Whether the change waits for the store, or is made and not delivered yet; and how far its injection has come. */
const KILLS: { killed: Part[]; change: 'waits' | 'made'; injection: keyof typeof INJECTION_PROGRAMS }[] = [
  { killed: ['gateway'], change: 'waits', injection: 'unpublished' },
  { killed: ['gateway'], change: 'made', injection: 'published' },
  { killed: ['worker'], change: 'made', injection: 'unpublished' },
  { killed: ['worker', 'gateway'], change: 'made', injection: 'published' },
];

/** `work` is done while the store takes no change, or at once. */
async function atStore<T>(change: 'waits' | 'made', work: () => Promise<T>): Promise<T> {
  if (change === 'made') return work();
  return withLock({ folder: path.join(stack.dir, 'keys', '.lock'), signal: null }, work);
}

const testKills = () =>
  test.each(KILLS)(
    'Killed with -9 in the middle of a rotation, where the change is $change, and of injections, $injection: $killed.',
    async ({ killed, change, injection }) => {
      const before = { key: await keyVersion(), token: await tokenVersion(), events: await historyLength('dev') };
      const holds = NAMES.map((name) => holdInjection(homes[name], INJECTION_PROGRAMS[injection]));
      for (const hold of holds) await hold.hold(stack.client);
      const { build } = (await workspace('web').rebuild({ by: 'ada' })) as { build: number };
      await until('the injection of the build is held up', () => holds[1]?.isReached?.(build));
      const isMade = change === 'made';
      const value = isMade ? await setToken(`changed while ${killed} is killed`, stack.throughGateway) : null;
      const changedAt = Date.now();
      const rotation = await atStore(change, async () => {
        const rotating = stack.perennial(['key', 'rotate', 'ada'], { env: stack.throughGateway });
        if (isMade) await until('the key is changed', async () => (await keyVersion()) > before.key);
        else await until('the change is announced', async () => (await historyLength('dev')) > before.events);
        if (isMade) await until('the refresh is held up', () => holds[0]?.isReached?.(build));
        for (const part of killed) process.kill(readProcesses(stack.dir)[part]?.pid ?? -1, 'SIGKILL');
        return { ended: rotating };
      });
      for (const hold of holds) await hold.letGo(stack.client);
      expect((await rotation.ended).code).toBe(killed.includes('gateway') ? 1 : 0);
      await until('the build is settled', () => isSettled('web', build));
      const { version = 0, fingerprint } = (await findOwnerKey(store(), 'ada')) ?? {};
      expect(version).toBe(before.key + (isMade ? 1 : 0));
      expect(await tokenVersion()).toBe(before.token + (isMade ? 1 : 0));
      for (const name of NAMES) {
        await until(`${name} has the key`, async () => (await workspace(name).status()).sshKey === fingerprint, WITHIN_A_MINUTE);
        if (value !== null) await untilInside(name, value);
      }
      expect(Date.now() - changedAt).toBeLessThan(60_000);
      expect(readRuns({ home: homes.web })).toBe('configure\n'.repeat(build));
      await expectNothingLeft();
    },
  );

const testEnd = () =>
  test('When all has ended no value is left on the disk but in the store, nor in a history, a log line, or a process.', async () => {
    await addWorkflows(stack.evidence, stack.client);
    await stack.end();
    addFolder(stack.evidence, 'DIR', stack.dir, [
      'keys',
      ...NAMES.map((name) => `homes/${path.basename(homes[name])}/.perennial/logs`),
    ]);
    for (const kind of ['home', 'DIR', 'histories', 'log lines', 'processes', 'command line']) {
      expect(stack.evidence.sizeOf(kind)).toBeGreaterThan(100);
      expect({ kind, leaks: stack.evidence.leaks(kind, stack.canaries) }).toEqual({ kind, leaks: [] });
    }
    expect(findTraces(stack.dir)).toEqual([]);
  });

const missing = [...MISSING, ...(canIsolate ? [] : ['this machine isolates no sandbox'])];
if (missing.length === 0) {
  beforeAll(async () => {
    stack = await startGitStack();
  }, RUN_LIMIT_MS);
  afterAll(() => stack?.remove(), RUN_LIMIT_MS);
  testAcceptance();
  testKills();
  testEnd();
} else {
  test(`Secrets on a whole stack are not tested here: ${missing.join(', ')}.`, () => expect(missing).not.toEqual([]));
}
