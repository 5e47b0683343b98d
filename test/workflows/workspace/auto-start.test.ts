/** Auto-start, on skipped time: which dates have a start, when it begins, and what uses a date up. */
import type { WorkspaceHandle } from '../../../src/client';
import type { HistoryEntry, Weekday } from '../../../src/contract/payloads';
import { RuntimeFailure } from '../../../src/runtimes/failure';
import { until } from '../../support/until';
import { outage } from '../../support/workflows/outage';
import { clearOverrides, type Stack, startStack, untilState } from '../../support/workflows/temporal-env';

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const MAX_LEAD = 5 * MINUTE;
const BERLIN = 'Europe/Berlin';
let stack: Stack;
beforeAll(async () => {
  stack = await startLively();
});
async function startLively(options: { withOutages?: boolean } = {}): Promise<Stack> {
  const started = await startStack('time-skipping', options);
  await started.client.organization('lively').create({ policy: { autoOff: { after: '1h' }, autoStart: { recentUse: '365d' } } });
  return started;
}
afterEach(() => clearOverrides(stack));
afterAll(() => stack?.close());

/** This server may lose an update that meets a task under way, so a request waits until there is none. */
async function atRest(workspace: WorkspaceHandle): Promise<WorkspaceHandle> {
  const { workflow } = stack.client.temporal;
  await until('no task is under way', async () => {
    const last = (await workflow.getHandle(`workspace/${workspace.workspace}`).fetchHistory()).events?.at(-1);
    return !last?.workflowTaskScheduledEventAttributes && !last?.workflowTaskStartedEventAttributes;
  });
  return workspace;
}

const now = () => stack.env.currentTimeMs();
const sleepUntil = async (at: number) => stack.env.sleep(Math.max(1, at - (await now())));
let created = 0;
async function createRunning(more: object): Promise<WorkspaceHandle> {
  created += 1;
  const workspace = await stack.client.create({
    owner: 'ada',
    name: `early-${created}`,
    image: 'starter:1',
    organization: 'lively',
    ...more,
  });
  await untilState(workspace, 'running');
  return workspace;
}

/** Off, and due to start at the whole minute that comes `ms` from now. */
async function createOff(ms: number, more: object = {}): Promise<{ workspace: WorkspaceHandle; at: number }> {
  const at = Math.ceil(((await now()) + ms) / MINUTE) * MINUTE;
  const workspace = await createRunning({ autoStart: scheduleAt(at), ...more });
  await (await atRest(workspace)).stop();
  await untilState(workspace, 'off');
  return { workspace, at };
}

const scheduleAt = (at: number) => ({ time: new Date(at).toISOString().slice(11, 16), timeZone: 'UTC' });

async function startsOf(workspace: WorkspaceHandle): Promise<HistoryEntry[]> {
  const { history } = await workspace.explain();
  return history.filter(({ to, cause }) => to === 'building' && cause === 'auto-start');
}

/** The one start that serves this instant: begun at most five minutes early, running by then. */
function expectServed(history: HistoryEntry[], at: number): void {
  const begun = history.filter((entry) => entry.cause === 'auto-start' && isWithin(entry, at - 12 * HOUR, at + 12 * HOUR));
  expect(begun).toHaveLength(1);
  expect(begun[0]).toMatchObject({ to: 'building', by: 'schedule', rule: expect.any(String), evidence: expect.any(String) });
  const running = history.find((entry) => entry.to === 'running' && Date.parse(entry.at) >= at - MAX_LEAD);
  expect(begun.every((entry) => isWithin(entry, at - MAX_LEAD, at))).toBe(true);
  expect(Date.parse(running?.at ?? 'never')).toBeLessThanOrEqual(at);
}

const isWithin = ({ at }: HistoryEntry, from: number, to: number) => Date.parse(at) >= from && Date.parse(at) <= to;

/** What a clock on the wall shows there: `2027-03-28 02:30`. */
function wallClock(at: number, timeZone = BERLIN): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(at);
}

/** The first instant of that local date at which the clock shows the time or, where it is skipped, a later one. */
function firstInstant(date: string, time: string): number {
  for (let at = Date.parse(`${date}T00:00Z`) - DAY / 2; ; at += 5 * MINUTE) if (wallClock(at) >= `${date} ${time}`) return at;
}

/** The noon after the next change of clocks. */
function nextClockChange(from: number): number {
  const offset = (at: number) => Date.parse(`${wallClock(at).replace(' ', 'T')}Z`) - at;
  let at = Math.ceil(from / DAY) * DAY + DAY / 2;
  while (offset(at) === offset(at - DAY)) at += DAY;
  return at;
}

const weekdayOf = (at: number, timeZone: string) =>
  new Intl.DateTimeFormat('en', { timeZone, weekday: 'short' }).format(at).toLowerCase() as Weekday;

test('Over three weeks with a change of clocks each allowed local date has exactly one start, ready by the time set.', async () => {
  await sleepUntil(nextClockChange(await now()) - 11 * DAY);
  const night = await createRunning({ autoStart: { time: '02:30', timeZone: BERLIN } });
  const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri'];
  const office = await createRunning({ autoStart: { time: '08:30', timeZone: BERLIN, weekdays } });
  const from = await now();
  const histories = new Map<WorkspaceHandle, Map<string, HistoryEntry>>(
    [night, office].map((workspace) => [workspace, new Map()]),
  );
  for (let week = 1; week <= 3; week += 1) {
    await sleepUntil(from + week * 7 * DAY);
    for (const [workspace, entries] of histories)
      for (const entry of (await workspace.explain()).history) entries.set(`${entry.at} ${entry.to}`, entry);
  }
  for (const [workspace, time] of [
    [night, '02:30'],
    [office, '08:30'],
  ] as const) {
    const dates = Array.from({ length: 23 }, (_, day) => wallClock(from + (day - 1) * DAY).slice(0, 10));
    const allowed = dates.filter(
      (date) => workspace === night || !['sat', 'sun'].includes(weekdayOf(Date.parse(`${date}T12:00Z`), 'UTC')),
    );
    const instants = allowed.map((date) => firstInstant(date, time)).filter((at) => at > from && at < from + 21 * DAY);
    const history = [...(histories.get(workspace)?.values() ?? [])];
    for (const at of instants) expectServed(history, at);
    expect(history.filter(({ cause }) => cause === 'auto-start')).toHaveLength(instants.length);
  }
});

test('A workspace that was not used for recentUse, judged for the time set, is not started; a start by hand arms it again.', async () => {
  await stack.client.organization('forgetful').create({ policy: { autoOff: { after: '1h' }, autoStart: { recentUse: '2d' } } });
  const { workspace, at } = await createOff(HOUR, { organization: 'forgetful' });
  await sleepUntil(at + 5 * DAY - HOUR);
  expect((await startsOf(workspace)).length).toBe(2);
  expect((await workspace.status()).autoStart?.blockedBecause).toMatch(/recentUse/);
  expect((await workspace.explain()).next.filter(({ what }) => what === 'start')).toEqual([]);
  await (await atRest(workspace)).start();
  await untilState(workspace, 'running');
  await (await atRest(workspace)).stop();
  await untilState(workspace, 'off');
  await sleepUntil(at + 6 * DAY);
  expect((await startsOf(workspace)).length).toBe(4);
});

test('With no weekday allowed auto-start is off for the organization, and what it missed meanwhile is not made up for.', async () => {
  const organization = stack.client.organization('closed');
  await organization.create({ policy: { autoOff: { after: '1h' }, autoStart: { weekdays: [] } } });
  const { workspace, at } = await createOff(HOUR, { organization: 'closed' });
  expect((await workspace.status()).autoStart?.blockedBecause).toMatch(/no weekday/);
  await sleepUntil(at + DAY + 10 * MINUTE);
  await organization.setPolicy({ autoStart: { weekdays: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] } });
  await until(
    'the next start is planned',
    async () => (await workspace.status()).autoStart?.at === new Date(at + 2 * DAY).toISOString(),
  );
  expect(await startsOf(workspace)).toEqual([]);
  await sleepUntil(at + 2 * DAY + MINUTE);
  expectServed((await workspace.explain()).history, at + 2 * DAY);
});

test("The organization's own time zone judges the weekday of a start.", async () => {
  const zone = 'Pacific/Kiritimati';
  const first = Math.ceil(((await now()) + HOUR) / DAY) * DAY + 19 * HOUR;
  const organization = { timeZone: 'America/Los_Angeles', weekdays: [weekdayOf(first, 'America/Los_Angeles')] };
  expect(organization.weekdays).not.toContain(weekdayOf(first, zone));
  await stack.client.organization('western').create({ policy: { autoOff: { after: '1h' }, autoStart: organization } });
  const workspace = await createRunning({ organization: 'western', autoStart: { time: '09:00', timeZone: zone } });
  await sleepUntil(first + 3 * DAY);
  expectServed((await workspace.explain()).history, first);
  expect(await startsOf(workspace)).toHaveLength(1);
});

test('A time set that passes while the workspace is running renews its auto-off window.', async () => {
  const at = Math.ceil(((await now()) + HOUR / 2) / MINUTE) * MINUTE;
  const workspace = await createRunning({ autoStart: scheduleAt(at) });
  await sleepUntil(at + MINUTE);
  await until('the window is renewed', async () => (await workspace.status()).autoOff.at === new Date(at + HOUR).toISOString());
  expect(await startsOf(workspace)).toEqual([]);
  await sleepUntil(at + HOUR + MINUTE);
  await untilState(workspace, 'off');
});

test('A failed start does not disarm the next day, which starts from error too.', async () => {
  const { workspace, at } = await createOff(HOUR);
  stack.overrides.fail = (verb) => (verb === 'startPod' ? new RuntimeFailure('ImageInvalid', 'it has no user') : undefined);
  await sleepUntil(at + MINUTE);
  expect((await untilState(workspace, 'error')).autoStart?.at).toBe(new Date(at + DAY).toISOString());
  clearOverrides(stack);
  await sleepUntil(at + DAY);
  const { history } = await workspace.explain();
  expectServed(history, at + DAY);
  expect(history.at(-2)).toMatchObject({ from: 'error', to: 'building', cause: 'auto-start' });
});

test('A changed schedule concerns the future only.', async () => {
  const { workspace, at } = await createOff(6 * HOUR);
  const passed = Math.floor((await now()) / MINUTE) * MINUTE - 10 * MINUTE;
  expect((await (await atRest(workspace)).configure({ autoStart: scheduleAt(passed) })).state).toBe('off');
  await until(
    'it is planned again',
    async () => (await workspace.status()).autoStart?.at === new Date(passed + DAY).toISOString(),
  );
  await sleepUntil(at + HOUR);
  expect(await startsOf(workspace)).toEqual([]);
  await sleepUntil(passed + DAY);
  expectServed((await workspace.explain()).history, passed + DAY);
});

describe('with workers that can be missed', () => {
  // Slow on this server, which takes a cancel from no others; so only these tests have them.
  beforeAll(async () => {
    await stack.close();
    stack = await startLively({ withOutages: true });
  });

  test('A start missed by more than 30 minutes is skipped and recorded; one missed by less is made up for.', async () => {
    const [long, short] = [await createOff(20 * MINUTE), await createOff(50 * MINUTE)];
    await sleepUntil(long.at - 15 * MINUTE);
    await outage(stack, short.at + 15 * MINUTE - (await now()));
    await untilState(short.workspace, 'running');
    expect(await startsOf(short.workspace)).toHaveLength(1);
    await until('the skip is recorded', async () =>
      /skipped.*missed by more than 30 minutes/.test((await long.workspace.explain()).why),
    );
    expect(await startsOf(long.workspace)).toEqual([]);
    await sleepUntil(long.at + DAY);
    expectServed((await long.workspace.explain()).history, long.at + DAY);
  });
});
