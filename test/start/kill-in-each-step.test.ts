import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectClient, type PerennialClient, type WorkspaceHandle } from '../../src/client';
import { TASK_QUEUE, workspaceWorkflowId } from '../../src/contract/names';
import type { CreateInput } from '../../src/contract/payloads';
import { canIsolate, findInits, findTraces } from '../support/runtimes/sandbox-env';
import {
  type Hold,
  holdAdmit,
  holdHook,
  holdInjection,
  holdPrepareHome,
  holdStartPod,
  makeHookImage,
  readHookLog,
  readRuns,
  startOrganization,
} from '../support/start/held-steps';
import { endAllStarts, launchStart, readProcesses, readStack, type StartProcess } from '../support/start/start-process';
import { until } from '../support/until';

const root = path.join(__dirname, '..', '..');
const LIMIT_MS = 600_000;
const OWNER = 'ada';

/** Where the step of a build is when all is killed: in its middle, or done while nobody could be told. */
const MOMENTS = ['middle', 'untold'] as const;

interface Subject {
  name: string;
  /** Its home's name too, so whatever has the home mounted or set is found by it. */
  id: string;
  home: string;
  build: number;
  hold: Hold | null;
  moment: (typeof MOMENTS)[number];
}

let folder: string;
let dir: string;
let start: StartProcess;
let client: PerennialClient;
/** They are rebuilt for each kill, each held up in another step. */
let lasting: Subject[];

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-killed-'));
  // Homes are entered by the images' own users.
  chmodSync(folder, 0o755);
  dir = path.join(folder, 'stack');
  for (const name of ['usual', ...MOMENTS])
    makeHookImage({ from: path.join(root, 'images', 'starter', '1'), image: imageOf(name) });
  await startStack();
  await startOrganization(client, { organization: 'silent', taskQueue: TASK_QUEUE });
  lasting = await Promise.all([
    create({ name: 'admit', organization: 'silent' }, { hold: () => holdAdmit('silent') }),
    ...MOMENTS.flatMap((moment) => [
      create({ name: `start-pod-${moment}`, image: `${moment}:1` }, { moment, hold: (id) => holdStartPod(dir, id) }),
      ...(canIsolate ? [create({ name: `inject-secrets-${moment}` }, { moment, hold: (id) => holdInjection(homeOf(id)) })] : []),
      create({ name: `configure-${moment}` }, { moment, hold: (id) => holdHook('configure', homeOf(id)) }),
      create({ name: `personalize-${moment}` }, { moment, hold: (id) => holdHook('personalize', homeOf(id)) }),
    ]),
  ]);
  await Promise.all(lasting.map(expectBuilt));
  for (const { home, id } of lasting) writeFileSync(path.join(home, 'kept'), id);
}, LIMIT_MS);

afterAll(async () => {
  await client.close();
  await endAllStarts();
  rmSync(folder, { recursive: true, force: true });
}, LIMIT_MS);

// `events`: how long the history of one more workspace is at the kill, wherever in its first build that may be. `preparing`: where the
// preparation of a new home is; one a kill, since with both of `start-pod` a fourth would hold the last slot that a busy worker gives.
test.each([
  { what: 'the stack', events: 14, preparing: MOMENTS[0] },
  { what: 'stack and sandboxes', events: 26, preparing: MOMENTS[1] },
])(
  'After kill -9 of $what in each step, the next start ends every build well, and nothing is there twice or left over.',
  async ({ what, events, preparing }) => {
    const fleeting = await createHeld(preparing, events);
    for (const subject of lasting) await rebuildHeld(subject);
    const held = [...lasting, fleeting];
    await passEarlierSteps(held);
    for (const subject of held) await until(`${subject.name} is held up in its step`, () => isHeldUp(subject));
    const passing = await create({ name: `passing-at-${events}` });
    while ((await historyLength(passing)) < events) await delay(1);
    await finishUntold(held);
    await killAll(what === 'stack and sandboxes');

    await startStack();
    for (const { hold, moment } of held) if (moment === 'middle') await hold?.letGo(client);
    const all = [...held, passing];
    await Promise.all(all.map(expectBuilt));
    for (const subject of held) expect(await attempts(subject)).toBeGreaterThan(1);
    if (what === 'the stack') expect(all.map(readRuns)).toEqual(all.map(() => 'configure\npersonalize\n'));
    for (const { home, id } of lasting) expect(readFileSync(path.join(home, 'kept'), 'utf8')).toBe(id);

    for (const { name } of [fleeting, passing]) await client.workspace(OWNER, name).delete({ purge: true });
    const ids = String(lasting.map(({ id }) => id).sort());
    await until('only the homes that are to stay are there', () => String(homes().sort()) === ids);
  },
  LIMIT_MS,
);

test('When the last start has ended, no process and no mount of any start before is left.', async () => {
  expect(await start.end('SIGTERM')).toBe(0);
  await until('nothing is left', () => findTraces(folder).length === 0);
});

const imageOf = (name: string): string => path.join(folder, 'images', name, '1');

const homeOf = (id: string): string => path.join(dir, 'homes', id);

const homes = (): string[] => readdirSync(path.join(dir, 'homes'));

const handle = ({ name }: Subject): WorkspaceHandle => client.workspace(OWNER, name);

const describeWorkflow = ({ name }: { name: string }) =>
  client.temporal.workflow.getHandle(workspaceWorkflowId(OWNER, name)).describe();

const historyLength = async (subject: Subject): Promise<number> => (await describeWorkflow(subject)).historyLength;

const heldStep = async (subject: Subject) =>
  (await handle(subject).build()).steps.find(({ name }) => name === subject.hold?.step);

const attempts = async (subject: Subject): Promise<number> => (await heldStep(subject))?.attempt ?? 0;

async function startStack(): Promise<void> {
  const args = ['--dir', dir, '--images', path.join(folder, 'images'), '--no-first'];
  start = launchStart({ script: path.join(root, 'scripts', 'start.mjs'), args });
  await start.untilSaid(/^ready /m);
  client = await connectClient({ address: readStack(dir).temporal.address });
}

async function create(
  input: Partial<CreateInput> & { name: string },
  given: { hold?: (id: string) => Hold; moment?: Subject['moment'] } = {},
): Promise<Subject> {
  await client.create({ owner: OWNER, image: 'usual:1', ...input });
  const { runId: id } = await describeWorkflow(input);
  const { hold, moment = 'middle' } = given;
  return { name: input.name, id, home: homeOf(id), build: 1, hold: hold?.(id) ?? null, moment };
}

/** The worker stands still meanwhile, since the lock can be taken only once the id is known. */
async function createHeld(moment: Subject['moment'], events: number): Promise<Subject> {
  signal('worker', 'SIGSTOP');
  const made = await create({ name: `prepare-home-${moment}-at-${events}` }, { moment, hold: (id) => holdPrepareHome(dir, id) });
  await made.hold?.hold(client);
  signal('worker', 'SIGCONT');
  return made;
}

async function rebuildHeld(subject: Subject): Promise<void> {
  await subject.hold?.hold(client);
  rmSync(path.join(subject.home, 'runs'));
  subject.build = (await handle(subject).rebuild()).build ?? 0;
}

/** The worker has begun the step, and it does not go on. */
async function isHeldUp(subject: Subject): Promise<boolean> {
  const step = await heldStep(subject);
  const pending = await handle(subject).pendingStep();
  const hasBegun = step?.state === 'running' && pending !== null && pending.waitingFor !== null;
  return hasBegun && subject.hold?.isReached?.(subject.build) !== false;
}

/** The step before the one that is held waits for the same lock; it ends while the server, which would begin the next, stands still. */
async function passEarlierSteps(held: Subject[]): Promise<void> {
  const waiting = held.filter(({ hold }) => hold?.pass !== undefined);
  for (const subject of waiting)
    await until(`the step before that of ${subject.name} waits`, async () => {
      const pending = await handle(subject).pendingStep();
      return pending?.waitingFor?.startsWith('an earlier step of this workspace') === true;
    });
  signal('server', 'SIGSTOP');
  for (const { hold } of waiting) await hold?.pass?.();
  signal('server', 'SIGCONT');
}

/** Lets steps come to their ends while the server, which is to be told of them, stands still. */
async function finishUntold(held: Subject[]): Promise<void> {
  signal('server', 'SIGSTOP');
  for (const { name, build, hold } of held.filter(({ moment }) => moment === 'untold')) {
    await hold?.letGo(client);
    await until(`the step of ${name} is done`, () => hold?.isDone(build) ?? true);
  }
}

function signal(name: 'server' | 'worker', how: NodeJS.Signals): void {
  const pid = readProcesses(dir)[name]?.pid;
  if (pid === undefined) throw new Error(`expected the ${name} to be written down in processes.json, and it is not`);
  process.kill(pid, how);
}

async function killAll(withSandboxes: boolean): Promise<void> {
  const inits = withSandboxes ? homes().flatMap(findInits) : [];
  const exited = start.end('SIGKILL');
  signal('server', 'SIGKILL');
  signal('worker', 'SIGKILL');
  for (const pid of inits) process.kill(pid, 'SIGKILL');
  await exited;
  await client.close();
}

async function expectBuilt(subject: Subject): Promise<void> {
  const { name, id, home, build } = subject;
  const status = () => handle(subject).status();
  await until(`${name} is built`, async () => (await status()).state !== 'building');
  expect(await status()).toMatchObject({ state: 'running', build: { number: build, failure: null } });
  for (const step of ['configure', 'personalize']) expect(readHookLog({ home, step, build })).toBe('begun\nended\n');
  expect(findInits(id)).toHaveLength(1);
  // Its first process, the parent of that, and its child; what looked in from outside needs a moment to end.
  await until(`no process but one sandbox's own has the home of ${name}`, () => findTraces(id).length <= 3);
}
