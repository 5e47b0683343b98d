import { RequestFailure } from '../../../src/client';
import type { CreateInput } from '../../../src/contract/payloads';
import { ACCEPTED, starting } from '../../support/cli/build-samples';
import { build, fakeClient, run, type Workspace } from '../../support/cli/command-line';

test('A create sends every setting that was given, and nothing else.', async () => {
  const sent: CreateInput[] = [];
  const options = ['--image', 'starter:1', '--auto-start', '08:30 Europe/Berlin', '--weekdays', 'tue,mon', '--auto-off', '2h'];
  const dotfiles = ['--dotfiles', 'https://example.com/do#ts', '--dotfiles-ref', 'issue#7/größe'];
  const more = ['--cpu', '2', '--disk', '20Gi', '--env', 'A=1', '--env', 'B=x=y', ...dotfiles];
  const rest = ['--organization', 'research', '--home', 'w9', '--by', 'grace', '--no-wait'];
  const ended = await run(['create', 'ada/dev', ...options, ...more, ...rest], { client: creating(sent) });
  expect(ended).toEqual({ code: 0, out: 'ada/dev: the create was accepted; it is building\n', error: '' });
  expect(sent).toEqual([
    {
      owner: 'ada',
      name: 'dev',
      image: 'starter:1',
      resources: { cpu: '2', disk: '20Gi' },
      env: { A: '1', B: 'x=y' },
      autoStart: { time: '08:30', timeZone: 'Europe/Berlin', weekdays: ['mon', 'tue'] },
      autoOff: { after: '2h' },
      dotfiles: { uri: 'https://example.com/do#ts', ref: 'issue#7/größe' },
      organization: 'research',
      home: 'w9',
      by: 'grace',
    },
  ]);
});

test('A create without options sends the name and who asks, as the environment has it.', async () => {
  const sent: CreateInput[] = [];
  await run(['create', 'ada/dev', '--no-wait'], { client: creating(sent) });
  expect(sent).toEqual([{ owner: 'ada', name: 'dev', by: 'ada' }]);
});

test('The weekdays of an auto-start may stand in its text.', async () => {
  const sent: CreateInput[] = [];
  await run(['create', 'ada/dev', '--no-wait', '--auto-start', '08:30 UTC fri,mon'], { client: creating(sent) });
  expect(sent[0]?.autoStart).toEqual({ time: '08:30', timeZone: 'UTC', weekdays: ['mon', 'fri'] });
});

test('A second create of a running workspace exits with 1.', async () => {
  const create = () => Promise.reject(new RequestFailure('AlreadyExists', 'workspace ada/dev exists already'));
  const ended = await run(['create', 'ada/dev'], { client: fakeClient({ create }) });
  expect(ended).toEqual({ code: 1, out: '', error: 'perennial: AlreadyExists: workspace ada/dev exists already\n' });
});

test('Nothing is waited for when nothing was begun, or with --no-wait.', async () => {
  const already = { outcome: 'already', state: 'running', build: 3 } as const;
  const client = fakeClient({ workspace: { start: async () => already } });
  expect((await run(['start', 'ada/dev'], { client })).out).toBe('ada/dev: nothing to do for the start; it is running\n');
  const merged = { outcome: 'merged', state: 'building', build: 4 } as const;
  const other = fakeClient({ workspace: { start: async () => merged } });
  const { out } = await run(['start', 'ada/dev', '--no-wait', '--json'], { client: other });
  expect(JSON.parse(out)).toEqual({ workspace: 'ada/dev', ...merged });
});

test('A rebuild sends what changes, and why.', async () => {
  const sent: unknown[] = [];
  const rebuild: Workspace['rebuild'] = async (input) => {
    sent.push(input);
    return { ...ACCEPTED, build: 1 };
  };
  const options = ['--image', 'starter:2', '--memory', '4Gi', '--env', 'A=', '--reason', 'new compiler'];
  const client = starting([[build(), null]], { rebuild });
  expect((await run(['rebuild', 'ada/dev', ...options], { client })).code).toBe(0);
  expect(sent).toEqual([{ image: 'starter:2', resources: { memory: '4Gi' }, env: { A: '' }, reason: 'new compiler', by: 'ada' }]);
});

function creating(sent: CreateInput[]) {
  return fakeClient({
    create: async (input) => {
      sent.push(input);
      return fakeClient({}).workspace(input.owner, input.name);
    },
  });
}
