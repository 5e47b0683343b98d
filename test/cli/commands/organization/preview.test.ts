/** The preview of a policy on a real server: what it says is, workspace by workspace, what then happens. */
import type { PolicyPreview } from '../../../../src/cli/output/policy-effects';
import type { WorkspaceHandle } from '../../../../src/client';
import { run } from '../../../support/cli/command-line';
import { until } from '../../../support/until';
import { type Stack, startStack, taskFailures, untilState } from '../../../support/workflows/temporal-env';

const MINUTE_MS = 60_000;
const INSTANT = /^\d{4}-\d\d-\d\dT/;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
});
afterAll(() => stack?.close());

type Facts = Record<string, string | null>;

/** What a preview speaks of, as the workspace answers it. */
async function factsOf(workspace: WorkspaceHandle): Promise<Facts> {
  const { state, image, resources, autoOff, autoStart, rebuildRequired } = await workspace.status();
  const beginsAt = autoStart?.blockedBecause === null ? autoStart.beginsAt : null;
  return {
    stop: state === 'running' ? autoOff.at : null,
    start: beginsAt,
    autoOff: `${autoOff.after} (${autoOff.source})`,
    image: image.reference,
    ...resources,
    rebuildRequired,
  };
}

async function preview(name: string, change: object): Promise<PolicyPreview> {
  const args = ['org', 'preview', name, '--policy', JSON.stringify(change), '--json'];
  const { code, out, error } = await run(args, { client: stack.client, now: Date.now });
  expect({ code, error }).toEqual({ code: 0, error: '' });
  return JSON.parse(out) as PolicyPreview;
}

/** Instants that depend on when the policy arrives may differ by the time that passed since the preview. */
function expectClose(actual: string | null, expected: string | null, what: string): void {
  if (expected === null || actual === null || !INSTANT.test(expected)) return expect([what, actual]).toEqual([what, expected]);
  expect([what, Math.abs(Date.parse(actual) - Date.parse(expected)) < MINUTE_MS]).toEqual([what, true]);
}

const images = (tags: object) => [{ name: 'starter', defaultTag: '2', tags: { 2: 'available', ...tags } }];
const SCHEDULE = { time: '08:30', timeZone: 'Europe/Berlin', weekdays: ['mon', 'tue', 'wed', 'thu', 'fri'] };
const CHANGE = {
  autoOff: { after: '5m', userControlled: false },
  autoStart: { weekdays: ['sat', 'wed'] },
  images: images({ 0: 'decommissioned', 1: 'deprecated' }),
  resources: { default: { memory: '4Gi' }, max: { cpu: '4' } },
  suspendedOwners: ['eve'],
};

test('What a preview says is what then happens, for each workspace, and a preview changes nothing.', async () => {
  const organization = stack.client.organization('previewed');
  const policy = {
    autoOff: { after: '2h', userControlled: true },
    images: images({ 0: 'available', 1: 'available', 3: 'available' }),
  };
  await organization.create({ policy });
  const create = (owner: string, name: string, more: object = {}) =>
    stack.client.create({ owner, name, organization: 'previewed', ...more });
  const workspaces = [
    await create('ada', 'plain', { resources: { memory: '1Gi' } }),
    await create('ada', 'own-auto-off', { autoOff: { after: '9h' } }),
    await create('ada', 'scheduled', { autoStart: SCHEDULE }),
    await create('ada', 'deprecated', { image: 'starter:1' }),
    await create('ada', 'decommissioned', { image: 'starter:0' }),
    await create('ada', 'unlisted', { image: 'starter:3' }),
    await create('ada', 'too-big', { resources: { cpu: '8' } }),
    await create('eve', 'suspended', { autoStart: SCHEDULE }),
    await create('eve', 'off'),
    await create('bob', 'off', { autoStart: SCHEDULE }),
    await create('bob', 'deleted'),
  ];
  for (const workspace of workspaces) await untilState(workspace, 'running');
  for (const workspace of workspaces.slice(8)) await workspace.stop();
  for (const workspace of workspaces.slice(8)) await untilState(workspace, 'off');
  await workspaces[10]?.delete();
  await until(
    'all are listed',
    async () => (await stack.client.list({ organization: 'previewed' })).length === workspaces.length,
  );

  const before = new Map<WorkspaceHandle, Facts>();
  for (const workspace of workspaces) before.set(workspace, await factsOf(workspace));
  const said = await preview('previewed', CHANGE);
  expect(said).toMatchObject({ organization: 'previewed', version: 1, unknown: [] });
  expect(said.workspaces.length + said.unchanged).toBe(workspaces.length);
  expect((await organization.policy()).version).toBe(1);
  for (const workspace of workspaces) expect(await factsOf(workspace)).toEqual(before.get(workspace));

  await organization.setPolicy(CHANGE);
  for (const workspace of workspaces) {
    await until('the policy is known', async () => (await workspace.status()).policyVersion === 2);
    const effects = said.workspaces.find((each) => each.workspace === workspace.workspace)?.changes ?? [];
    const refused = effects.find(({ what }) => what === 'build')?.after ?? null;
    const expected = { ...before.get(workspace) };
    for (const { what, after } of effects) if (what in expected) expected[what] = after;
    if (workspace.owner === 'eve') {
      const { history } = (await untilState(workspace, 'off')) && (await workspace.explain());
      expect(history.at(-1)?.cause === 'policy').toBe(effects.some(({ what }) => what === 'stop'));
      expected.stop = null;
      expected.rebuildRequired = null;
    }
    const actual = await factsOf(workspace);
    const compared = refused === null ? Object.keys(expected) : ['stop', 'start', 'autoOff', 'rebuildRequired'];
    for (const fact of compared) {
      expectClose(actual[fact] ?? null, expected[fact] ?? null, `${workspace.workspace} ${fact}`);
    }
    if (refused === null) continue;
    const refusal = await workspace.rebuild({}).catch((error: { type: string; message: string }) => error);
    expect(`${(refusal as { type: string }).type}`).toBe(refused.split(':')[0]);
  }
  expect(
    said.workspaces.filter(({ changes }) => changes.some(({ what }) => what === 'build')).map(({ workspace }) => workspace),
  ).toEqual(['ada/too-big', 'ada/unlisted', 'eve/off', 'eve/suspended']);
  for (const { workspace } of workspaces) expect(await taskFailures(stack, `workspace/${workspace}`)).toEqual([]);
  expect((await preview('previewed', CHANGE)).workspaces).toEqual([]);
});

test('A preview is a table of what changes for whom, when, and why; a policy that would be refused is refused.', async () => {
  await stack.client.organization('table').create();
  const workspace = await stack.client.create({ owner: 'ada', name: 'dev', organization: 'table', image: 'starter:1' });
  await untilState(workspace, 'running');
  await until('it is listed', async () => (await stack.client.list({ organization: 'table' })).length === 1);
  const shown = await run(['org', 'preview', 'table', '--set', 'suspendedOwners=["ada"]'], {
    client: stack.client,
    now: Date.now,
  });
  expect(shown).toMatchObject({ code: 0, error: '' });
  expect(shown.out).toMatch(
    /^organization table, compared with policy version 1: suspendedOwners would be set\nWORKSPACE +STATE +WHAT/,
  );
  expect(shown.out).toMatch(/\nada\/dev +running +stop +\S+ +\S+ +\S+ +the organization table has suspended ada\n/);
  expect(shown.out).toContain('\n1 workspaces change, 0 do not.\n');

  await until('its use is counted', async () => (await stack.client.organization('table').usage()).owners.ada?.running === 1);
  const limited = await run(['org', 'preview', 'table', '--set', 'quota.runningPerOwner=0'], { client: stack.client });
  expect(limited.out).toContain(
    '\nada uses 1 of runningPerOwner 0: further builds are refused\n0 workspaces change, 1 do not.\n',
  );

  const wrong = await run(['org', 'preview', 'table', '--set', 'autoOff.after=1s'], { client: stack.client });
  expect(wrong).toMatchObject({ code: 1, out: '', error: expect.stringContaining('InvalidRequest: autoOff.after: expected') });
  expect(await run(['org', 'preview', 'table'], { client: stack.client })).toMatchObject({ code: 2 });
  expect((await stack.client.organization('table').policy()).version).toBe(1);
});
