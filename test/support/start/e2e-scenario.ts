/** One script for the life of a workspace, from outside, on whichever runtime: `npm start`, the command line, and messages. */
import type { PerennialClient } from '../../../src/client';
import { workspaceWorkflowId } from '../../../src/contract/names';
import type { BuildView } from '../../../src/contract/payloads';
import { until } from '../until';
import { giveLife, LIFE_LIMIT_MS, type Life, type LifeSetting } from './e2e-scenario-options';
import { liveAtATerminal } from './e2e-scenario-terminal';
import { isAlive, readProcesses } from './start-process';

const SECOND_MS = 1_000;

/** A hook that goes on only when a file appears in the home. */
const WAITING_HOOK = `cat >personalize <<'END'
#!/bin/sh
echo begun
until [ -e "$HOME/go-on" ]; do sleep 0.2; done
echo ended
END
chmod +x personalize`;

/** Declares the tests, each of which goes on where the one before it ended. */
export function describeLife(setting: LifeSetting): void {
  const life = giveLife(setting);
  liveThroughFirstBuild(life);
  // Its threshold passes while the other workspace is used; no worker is killed meanwhile, without which nothing is stopped in time.
  liveWithoutAccess(life);
  liveAtATerminal(life);
  liveThroughRebuilds(life);
  liveToAutoOff(life);
  liveThroughInterruptions(life);
  liveToTheEnd(life);
}

const lives = (sentence: string, life: () => Promise<void>) => test(sentence, life, LIFE_LIMIT_MS);

/** From the start on. */
function liveThroughFirstBuild({ perennial, inside, logOf, workspace, client, start, setting }: Life): void {
  lives('The start builds a first workspace, and shows its steps.', async () => {
    expect(start().output()).toMatch(/configure: done/);
    expect(await client().workspace('you', 'first').status()).toMatchObject({ state: 'running', build: { failure: null } });
  });

  lives(
    'A created workspace is built with its hooks run as the image’s user, in a home that only its user may change.',
    async () => {
      const { code, out } = await perennial('create', 'ada/dev', '--image', setting.image);
      expect(code).toBe(0);
      expect(out).toMatch(/configure/);
      const { build } = await workspace().status();
      expect(build).toMatchObject({ number: 1, cause: 'created', failure: null, image: { reference: setting.image } });
      expect(build?.image.digest).toMatch(/^sha256:/);
      expect(stepsOf(build)).toMatchObject({
        configure: 'done',
        personalize: 'skipped',
        'inject-secrets': 'done',
      });
      expect(await logOf('configure')).not.toBe('');
      expect(await inside('[ "$(id -un)" != root ] && stat -c "%U %a" "$HOME" && echo $CODER_WORKSPACE_NAME')).toMatch(
        /^\w+ 7[05]{2}\ndev$/,
      );
    },
  );

  lives('In the workspace, the command perennial shows its status and takes a ping.', async () => {
    expect(await inside('perennial status')).toMatch(/^ada\/dev is running/);
    expect(await inside('perennial ping >/dev/null && echo taken')).toBe('taken');
  });

  lives('A workspace created without an image is built from the default image.', async () => {
    const { code, out } = await perennial('create', 'ada/plain', '--by', 'ada');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^ada\/plain is running \(build 1, /m) });
    expect((await workspace('plain').status()).image).toEqual({
      reference: setting.image,
      digest: expect.stringMatching(/^sha256:/),
    });
    await workspace('plain').delete({ by: 'test', purge: true });
  });

  lives('A command’s exit code is passed on, and its output as it came.', async () => {
    expect(await perennial('shell', 'ada/dev', '--', 'sh', '-c', 'printf "a\\tb"; echo c >&2; exit 7')).toEqual({
      code: 7,
      out: 'a\tb',
      error: 'c\n',
    });
  });
}

/** A workspace that is left alone from its last access on. */
function liveWithoutAccess({ perennial, workspace, client, setting }: Life): void {
  lives('A ping is an access, and moves the end of the workspace’s own threshold.', async () => {
    await client()
      .organization('default')
      .setPolicy({ autoOff: { userControlled: true } });
    expect((await perennial('create', 'ada/idle', '--image', setting.image, '--auto-off', '1m')).code).toBe(0);
    expect((await perennial('ping', 'ada/idle', '--via', 'ssh')).code).toBe(0);
    const { at, lastAccess } = (await workspace('idle').status()).autoOff;
    expect(lastAccess?.via).toBe('ssh');
    expect(Date.parse(at ?? '') - Date.parse(lastAccess?.at ?? '')).toBe(60 * SECOND_MS);
  });
}

/** With another image. */
function liveThroughRebuilds({ perennial, inside, workspace, setting }: Life): void {
  lives('A rebuild with another image keeps the home with the modes of its files, and nothing else.', async () => {
    await inside('mkdir -p .ssh && echo key >.ssh/id && chmod 600 .ssh/id && echo x >/tmp/left');
    expect((await perennial('rebuild', 'ada/dev', '--image', setting.nextImage)).code).toBe(0);
    const { build } = await workspace().status();
    expect(build).toMatchObject({ number: 2, image: { reference: setting.nextImage } });
    expect(await inside('stat -c %a .ssh/id; cat .ssh/id')).toBe('600\nkey');
    // Where the machine allows no isolation the build says so, and shares the machine's own folders.
    if (build?.warnings.length === 0) expect(await inside('[ -e /tmp/left ] || echo gone')).toBe('gone');
  });
}

/** What ends a hook's worker, and what ends the build. */
function liveThroughInterruptions({ inside, logOf, untilState, untilRunning, workspace, dir, setting }: Life): void {
  lives('A worker killed in the middle of a hook is followed by a worker that awaits the hook, which has run once.', async () => {
    await inside(WAITING_HOOK);
    await workspace().rebuild({ by: 'test' });
    await until('the hook has begun', async () => (await logOf('personalize')).includes('begun'));
    const { id } = await workspace().status();
    const { worker } = readProcesses(dir());
    if (worker !== undefined && isAlive(worker.pid)) process.kill(worker.pid, 'SIGKILL');
    await setting.touch({ dir: dir(), id, build: 3, file: 'go-on' });
    await untilRunning(3);
    expect(await logOf('personalize')).toBe('begun\nended');
    await inside('rm go-on');
  });

  lives('A build cancelled in the middle of a hook is cleaned up, and leaves the workspace off.', async () => {
    await workspace().rebuild({ by: 'test' });
    await until('the hook has begun', async () => (await logOf('personalize')).includes('begun'));
    expect(await workspace().cancelBuild({ by: 'test' })).toMatchObject({ outcome: 'accepted', build: 4 });
    await untilState('off');
    expect((await workspace().explain()).history.slice(-2)).toMatchObject([
      { from: 'building', to: 'turning-off', cause: 'build-cancelled' },
      { from: 'turning-off', to: 'off', cause: 'build-cancelled' },
    ]);
  });
}

/** From the last access to the stop. */
function liveToAutoOff({ untilState, workspace, client }: Life): void {
  lives(
    'A workspace without access for its threshold is stopped once, within 5 s of the last look at its terminals.',
    async () => {
      await untilState('off', 'idle');
      const { history } = await workspace('idle').explain();
      const stops = history.filter(({ cause, to }) => cause === 'auto-off' && to === 'turning-off');
      expect(stops).toHaveLength(1);
      const stoppedAt = Date.parse(stops[0]?.at ?? '');
      const { lastAccess } = (await workspace('idle').status()).autoOff;
      const dueAt = Date.parse(lastAccess?.at ?? '') + 60 * SECOND_MS;
      expect(stoppedAt).toBeGreaterThanOrEqual(dueAt);
      expect(stoppedAt - Math.max(dueAt, await lookedAt(client(), 'idle'))).toBeLessThanOrEqual(5 * SECOND_MS);
    },
  );
}

/** What is left of it. */
function liveToTheEnd({ perennial, untilState, workspace, client, setting, folder }: Life): void {
  lives('A deleted workspace can be restored with its home, and a purged workspace leaves nothing.', async () => {
    await workspace().delete({ by: 'test' });
    await untilState('deleted');
    expect(await workspace().restore({ by: 'test' })).toMatchObject({ outcome: 'accepted', state: 'off' });
    for (const each of [workspace(), workspace('idle'), client().workspace('you', 'first')]) {
      await each.delete({ by: 'test', purge: true });
      const [owner = '', name = ''] = each.workspace.split('/');
      const handle = client().temporal.workflow.getHandle(workspaceWorkflowId(owner, name));
      await until(`${each.workspace} is purged`, async () => (await handle.describe()).status.name === 'COMPLETED');
    }
    expect(JSON.parse((await perennial('orphans', 'list', '--json')).out)).toEqual([]);
    await until('nothing is left', async () => (await setting.traces(folder())).length === 0);
  });
}

/** When the runtime last answered what it was asked right before a stop, by the server's clock. */
async function lookedAt({ temporal }: PerennialClient, name: string): Promise<number> {
  const { events } = await temporal.workflow.getHandle(workspaceWorkflowId('ada', name)).fetchHistory();
  const looks = (events ?? []).filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'lastLook');
  const asked = looks.map(({ eventId }) => String(eventId));
  const answered = events?.findLast(({ activityTaskCompletedEventAttributes: completed }) =>
    asked.includes(String(completed?.scheduledEventId)),
  );
  if (!answered) throw new Error(`expected an answered look at the terminals of ${name}`);
  const { seconds, nanos } = answered.eventTime ?? {};
  return Number(seconds) * SECOND_MS + (nanos ?? 0) / 1e6;
}

const stepsOf = (build: BuildView | null) => Object.fromEntries((build?.steps ?? []).map(({ name, state }) => [name, state]));
