import { RequestFailure } from '../../../src/client';
import type { WorkspacePhase } from '../../../src/contract/payloads';
import { fakeClient, run, status, type Workspace } from '../../support/cli/command-line';

const answer = (state: WorkspacePhase, build: number | null = null) => ({ outcome: 'accepted', state, build }) as const;

test.each([
  [['stop', 'ada/dev', '--reason', 'done'], 'stop', { by: 'ada', reason: 'done' }, 'the stop was accepted; it is turning-off'],
  [['cancel', 'ada/dev', '--by', 'grace'], 'cancelBuild', { by: 'grace' }, 'the cancel was accepted; it is turning-off'],
  [['restore', 'ada/dev'], 'restore', { by: 'ada' }, 'the restore was accepted; it is turning-off'],
])('The command %j asks for %s with %j and says what came of it.', async (args, request, input, sentence) => {
  const sent: unknown[] = [];
  const record = async (given: unknown) => {
    sent.push(given);
    return answer('turning-off');
  };
  const client = fakeClient({ workspace: { [request]: record } });
  expect(await run(args, { client })).toEqual({ code: 0, out: `ada/dev: ${sentence}\n`, error: '' });
  expect(sent).toEqual([input]);
  const json = await run([...args, '--json'], { client });
  expect(JSON.parse(json.out)).toEqual({ workspace: 'ada/dev', outcome: 'accepted', state: 'turning-off', build: null });
});

test('Each outcome has its words.', async () => {
  const words = async (outcome: 'merged' | 'already') => {
    const client = fakeClient({ workspace: { stop: async () => ({ outcome, state: 'off', build: null }) } });
    return (await run(['stop', 'ada/dev'], { client })).out;
  };
  expect(await words('merged')).toBe('ada/dev: the stop was merged with what is under way; it is off\n');
  expect(await words('already')).toBe('ada/dev: nothing to do for the stop; it is off\n');
});

test('A stop with --wait answers when the workspace is off.', async () => {
  const states: WorkspacePhase[] = ['turning-off', 'turning-off', 'off'];
  const client = fakeClient({
    workspace: { stop: async () => answer('turning-off'), status: async () => status({ state: states.shift() ?? 'off' }) },
  });
  const ended = await run(['stop', 'ada/dev', '--wait'], { client });
  expect(ended.out).toBe('ada/dev: the stop was accepted; it is off\n');
  expect(states).toEqual([]);
});

test('A ping sends what was given, and names no sender.', async () => {
  const sent: unknown[] = [];
  const ping: Workspace['ping'] = async (input) => {
    sent.push(input);
  };
  const client = fakeClient({ workspace: { ping } });
  expect(await run(['ping', 'ada/dev'], { client })).toEqual({ code: 0, out: 'ada/dev: pinged\n', error: '' });
  const { out } = await run(['ping', 'ada/dev', '--via', 'ssh', '--at', '2027-03-01T10:00:00+01:00', '--json'], { client });
  expect(sent).toEqual([{}, { via: 'ssh', at: '2027-03-01T09:00:00.000Z' }]);
  expect(JSON.parse(out)).toEqual({ workspace: 'ada/dev', via: 'ssh', at: '2027-03-01T09:00:00.000Z' });
});

test('A configure sends what was given, null for what is cleared, and prints the new status as JSON.', async () => {
  const sent: unknown[] = [];
  const configure: Workspace['configure'] = async (input) => {
    sent.push(input);
    return status({ rebuildRequired: 'the image changes to starter:2' });
  };
  const client = fakeClient({ workspace: { configure } });
  const args = ['configure', 'ada/dev', '--image', 'starter:2', '--clear', 'auto-off,auto-start', '--dotfiles', ''];
  const ended = await run(args, { client });
  expect(ended.out).toBe('ada/dev: configured; a rebuild is wanted: the image changes to starter:2\n');
  expect(sent).toEqual([{ image: 'starter:2', dotfiles: { uri: '' }, autoOff: null, autoStart: null, by: 'ada' }]);
  expect(JSON.parse((await run([...args, '--json'], { client })).out)).toMatchObject({ workspace: 'ada/dev', state: 'running' });
});

test.each([
  ['2027-03-02T07:30:00.000Z', null, 'the next start is at 2027-03-02T07:30:00.000Z'],
  [null, 'no start is planned: the zone is gone', 'no start will come: no start is planned: the zone is gone'],
])('A configure with a start at %s says so.', async (at, blockedBecause, sentence) => {
  const schedule = { time: '08:30', timeZone: 'Europe/Berlin', weekdays: null, beginsAt: null };
  const configure = async () => status({ autoStart: { ...schedule, at, blockedBecause } });
  const { out } = await run(['configure', 'ada/dev', '--auto-start', '08:30 Europe/Berlin'], {
    client: fakeClient({ workspace: { configure } }),
  });
  expect(out).toBe(`ada/dev: configured; ${sentence}\n`);
});

test('A delete says when the home is purged.', async () => {
  const purgeAt = '2027-03-08T10:00:00.000Z';
  const client = fakeClient({ workspace: { delete: async () => ({ outcome: 'accepted', state: 'turning-off', purgeAt }) } });
  expect(await run(['delete', 'ada/dev'], { client })).toMatchObject({
    code: 0,
    out: `ada/dev: the delete was accepted; it is turning-off; its home is purged at ${purgeAt} (in 7d)\n`,
  });
});

test('A purge asks a person first; a no does nothing and exits with 1.', async () => {
  const sent: unknown[] = [];
  const remove: Workspace['delete'] = async (input) => {
    sent.push(input);
    return { outcome: 'accepted', state: 'turning-off', purgeAt: null };
  };
  const client = fakeClient({ workspace: { delete: remove } });
  const questions: string[] = [];
  const answering = (yes: boolean) => async (question: string) => {
    questions.push(question);
    return yes;
  };
  const no = await run(['delete', 'ada/dev', '--purge'], { client, confirm: answering(false) });
  expect(no).toEqual({ code: 1, out: '', error: 'perennial: Declined: nothing was done\n' });
  expect(sent).toEqual([]);
  await run(['delete', 'ada/dev', '--purge'], { client, confirm: answering(true) });
  await run(['delete', 'ada/dev', '--purge', '--yes'], { client });
  expect(sent).toEqual([
    { by: 'ada', purge: true },
    { by: 'ada', purge: true },
  ]);
  expect(questions).toEqual(Array(2).fill('Remove the home of ada/dev permanently?'));
});

test('A refusal exits with 1 and its type and sentence, as JSON on standard output.', async () => {
  const restore = () => Promise.reject(new RequestFailure('NotFound', 'workspace ada/dev does not exist, or has ended'));
  const client = fakeClient({ workspace: { restore } });
  const sentence = 'workspace ada/dev does not exist, or has ended';
  expect(await run(['restore', 'ada/dev'], { client })).toEqual({
    code: 1,
    out: '',
    error: `perennial: NotFound: ${sentence}\n`,
  });
  const json = await run(['restore', 'ada/dev', '--json'], { client });
  expect(json).toMatchObject({ code: 1, error: '' });
  expect(JSON.parse(json.out)).toEqual({ error: { type: 'NotFound', message: sentence } });
});
