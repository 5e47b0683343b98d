import { WorkflowNotFoundError } from '@temporalio/client';
import { type OrganizationHandle, RequestFailure, type RequestFailureType } from '../../../src/client';
import { RuntimeFailure } from '../../../src/runtimes/failure';
import type { ListedHome } from '../../../src/runtimes/runtime';
import { fakeClient, fakeTemporal, run } from '../../support/cli/command-line';
import { createStackFolder, fakeRuntime } from '../../support/cli/folder';

const dir = createStackFolder(['w1']);
const settings = { dir, images: dir, by: null };

const HOMES = [home('w1', 'dev'), home('w2', 'gone'), home('w3', 'again'), home('w4', 'new'), home('w5', 'unclear')];
/** What Temporal says of each workspace; one that is missing here was never heard of. */
const WORKFLOWS: Record<string, { status: string; id?: string } | Error> = {
  'workspace/ada/dev': { status: 'RUNNING', id: 'w1' },
  'workspace/ada/again': { status: 'RUNNING', id: 'w9' },
  'workspace/ada/new': { status: 'RUNNING' },
  'workspace/ada/unclear': new Error('the server is away'),
};

test('Only homes whose workspace is gone, closed, or another one are listed; what is unknown is left out with a note.', async () => {
  const { input } = createContext();
  const ended = await run(['orphans', 'list'], input);
  expect(ended).toEqual({
    code: 0,
    out:
      'ID  WORKSPACE  ORGANIZATION  DISK  CREATED\n' +
      'w2  ada/gone   default       10Gi  2027-01-01T00:00:00.000Z\n' +
      'w3  ada/again  default       10Gi  2027-01-01T00:00:00.000Z\n',
    error:
      'perennial: left out w4 (ada/new): ada/new has not said yet which home it has\n' +
      'perennial: left out w5 (ada/unclear): its workspace is unknown: the server is away\n',
  });
  const json = JSON.parse((await run(['orphans', 'list', '--json'], input)).out);
  expect(json).toEqual([
    expect.objectContaining({ id: 'w2', createdAt: '2027-01-01T00:00:00.000Z' }),
    expect.objectContaining({ id: 'w3' }),
  ]);
});

test('A namespace that the runtime may not list is named.', async () => {
  const { input } = createContext({ passedOver: ['namespace perennial-acme (forbidden)'] });
  expect((await run(['orphans', 'list'], input)).error).toContain('perennial: left out namespace perennial-acme (forbidden)\n');
});

test('A home that a workspace of another name is taking over is no orphan.', async () => {
  const workflows = { ...WORKFLOWS, 'workspace/ada/heir': { status: 'RUNNING', id: 'w2' } };
  const { input } = createContext({ workflows, names: ['dev', 'heir'] });
  expect((await run(['orphans', 'list', '--json'], input)).out).not.toContain('w2');
});

test('A home of a workspace that is paused, or of a status that is not known, is no orphan; an adopter may be paused too.', async () => {
  const workflows = {
    ...WORKFLOWS,
    'workspace/ada/gone': { status: 'PAUSED', id: 'w2' },
    'workspace/ada/again': { status: 'UNKNOWN', id: 'w3' },
    'workspace/ada/new': { status: 'TERMINATED', id: 'w4' },
    'workspace/ada/heir': { status: 'PAUSED', id: 'w4' },
  };
  const { input, deleted } = createContext({ workflows, names: ['dev', 'heir'] });
  expect(await run(['orphans', 'purge', '--all', '--yes'], input)).toMatchObject({
    code: 0,
    out: 'No homes without a workspace.\n',
  });
  expect(deleted).toEqual([]);
});

test('A purge of all removes the orphans and nothing else.', async () => {
  const { input, deleted } = createContext();
  const ended = await run(['orphans', 'purge', '--all', '--yes'], input);
  expect(ended).toMatchObject({ code: 0, out: 'purged w2 (ada/gone)\npurged w3 (ada/again)\n' });
  expect(deleted).toMatchObject([
    { id: 'w2', organization: 'default', identity: 'identity of w2' },
    { id: 'w3', organization: 'default', identity: 'identity of w3' },
  ]);
});

test('The organization of a removed home is notified, and a failure of that is reported.', async () => {
  const { input, notified, deleted } = createContext();
  expect((await run(['orphans', 'purge', 'w2'], input)).error).toBe('');
  expect(notified).toEqual([['default', 'w2']]);
  const refusing = (type: RequestFailureType) =>
    createContext({ notify: () => Promise.reject(new RequestFailure(type, 'no answer')) }).input;
  const unreported = await run(['orphans', 'purge', 'w3'], refusing('Unavailable'));
  expect(unreported).toMatchObject({ code: 0, error: 'perennial: default goes on counting w3: no answer\n' });
  expect(await run(['orphans', 'purge', 'w3'], refusing('NotFound'))).toMatchObject({ code: 0, error: '' });
  expect(deleted).toHaveLength(1);
});

test('A purge asks once more right before, and keeps what was taken over meanwhile.', async () => {
  const workflows = { ...WORKFLOWS };
  const { input, deleted } = createContext({
    workflows,
    onDelete: () => {
      workflows['workspace/ada/again'] = { status: 'RUNNING', id: 'w3' };
    },
  });
  const ended = await run(['orphans', 'purge', '--all', '--yes'], input);
  expect(ended).toMatchObject({
    code: 1,
    out: 'purged w2 (ada/gone)\n',
    error: expect.stringContaining('perennial: NotAllowed: not removed: w3 (ada/again): it belongs to ada/again\n'),
  });
  expect(deleted).toHaveLength(1);
});

test('A home that cannot be removed now keeps no other from being removed.', async () => {
  let tries = 0;
  const onDelete = () => {
    tries += 1;
    if (tries === 1) throw new RuntimeFailure('HomeBusy', 'home w2 is mounted');
  };
  const ended = await run(['orphans', 'purge', '--all', '--yes'], createContext({ onDelete }).input);
  expect(ended).toMatchObject({
    code: 1,
    out: 'purged w3 (ada/again)\n',
    error: expect.stringContaining('perennial: HomeBusy: not removed: w2 (ada/gone): home w2 is mounted\n'),
  });
});

test('A home that belongs to a workspace is never purged, and an unknown id removes nothing.', async () => {
  const { input, deleted } = createContext();
  const owned = await run(['orphans', 'purge', 'w1', '--json'], input);
  expect(owned.code).toBe(1);
  expect(JSON.parse(owned.out)).toEqual({
    purged: [],
    error: { type: 'NotAllowed', message: 'not removed: w1 (ada/dev): it belongs to ada/dev' },
  });
  expect(await run(['orphans', 'purge', 'w2', 'w99'], input)).toMatchObject({
    code: 1,
    error: 'perennial: NotFound: expected the id of a home, got "w99"; nothing was removed\n',
  });
  expect(deleted).toEqual([]);
});

test('A folder that is no stack is refused by name.', async () => {
  expect(await run(['orphans', 'list', '--dir', '/nowhere/at-all'])).toMatchObject({
    code: 1,
    error: expect.stringContaining('NotFound: /nowhere/at-all: expected the folder of an embedded stack'),
  });
});

function home(id: string, name: string): ListedHome {
  const createdAt = Date.parse('2027-01-01T00:00:00.000Z');
  return { id, owner: 'ada', name, organization: 'default', identity: `identity of ${id}`, createdAt, disk: '10Gi' };
}

function createContext({
  workflows = WORKFLOWS,
  names = ['dev'],
  passedOver = [] as string[],
  onDelete = () => {},
  notify = async () => {},
} = {}) {
  const describe = async (workflowId: string) => {
    const found = workflows[workflowId];
    if (found instanceof Error) throw found;
    if (!found) throw new WorkflowNotFoundError('not found', workflowId, undefined);
    return { status: { name: found.status }, memo: found.id === undefined ? {} : { id: found.id } };
  };
  const temporal = fakeTemporal({ workflow: { getHandle: (id: string) => ({ describe: () => describe(id) }) } });
  const summary = {
    state: 'running' as const,
    image: null,
    build: null,
    organization: 'default',
    autoStartAt: null,
    autoOffAt: null,
  };
  const list = async () => names.map((name) => ({ ...summary, workspace: `ada/${name}` }));
  const deleted: unknown[] = [];
  const notified: string[][] = [];
  const organization = (name: string) =>
    ({
      noteHomePurged: ({ id }: { id: string }) => {
        notified.push([name, id]);
        return notify();
      },
    }) as unknown as OrganizationHandle;
  const runtime = fakeRuntime({
    listHomes: async (passOver) => {
      for (const namespace of passedOver) passOver?.(namespace);
      return HOMES;
    },
    deleteHome: async (home) => {
      deleted.push(home);
      onDelete();
    },
  });
  return {
    deleted,
    notified,
    input: { settings, client: fakeClient({ temporal, list, organization }), openRuntime: () => runtime },
  };
}
