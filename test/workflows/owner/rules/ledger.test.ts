/** The ledger of an owner: quotas are never exceeded, and nothing stays reserved, whatever repeats, is late, or is lost. */
import fc from 'fast-check';
import type { QuotaPolicy } from '../../../../src/contract/policy';
import { createLedger, type Ledger, MAX_ENTRIES, snapshotOf } from '../../../../src/workflows/owner/rules/entries';
import { reserve, takeFindings, takeOwnerReport, viewLedger } from '../../../../src/workflows/owner/rules/ledger';
import { cpuTimeMs } from '../../../support/cpu-time';
import { LedgerModel } from '../../../support/workflows/ledger-model';

const NONE: QuotaPolicy = {
  runningPerOwner: null,
  cpuPerOwner: null,
  memoryPerOwner: null,
  homesPerOwner: null,
  diskPerOwner: null,
};
const ONE = { cpu: '1', memory: '2Gi', disk: '10Gi' };

const ask = (ledger: Ledger, name: string, { build = 1, quota = {}, resources = {}, id = name, bornAt = 1 } = {}) =>
  reserve(ledger, { name, id, bornAt, build, resources: { ...ONE, ...resources } }, { ...NONE, ...quota });
const down = (ledger: Ledger, name: string, { build = 1, sequence = 1, home = true, id = name, bornAt = 1 } = {}) =>
  takeOwnerReport(ledger, { name, id, bornAt, build, resources: ONE, sequence, running: false, home });

test('A build reserves running, cpu, memory, home, and disk; down, the workspace keeps home and disk; purged, nothing.', () => {
  const ledger = createLedger();
  expect(ask(ledger, 'dev')).toEqual({ outcome: 'granted', reserved: ONE });
  expect(viewLedger(ledger)).toEqual({ running: 1, homes: 1, cpu: '1', memory: '2Gi', disk: '10Gi' });
  down(ledger, 'dev');
  expect(viewLedger(ledger)).toEqual({ running: 0, homes: 1, cpu: '0', memory: '0', disk: '10Gi' });
  down(ledger, 'dev', { sequence: 2, home: false });
  expect(viewLedger(ledger)).toEqual({ running: 0, homes: 0, cpu: '0', memory: '0', disk: '0' });
});

test.each([
  ['runningPerOwner', 1, '1 in use by other workspaces, 1 asked for'],
  ['cpuPerOwner', '1500m', '1 in use by other workspaces, 1 asked for'],
  ['memoryPerOwner', '3Gi', '2Gi in use by other workspaces, 2Gi asked for'],
  ['homesPerOwner', 1, '1 in use by other workspaces, 1 asked for'],
  ['diskPerOwner', '15Gi', '10Gi in use by other workspaces, 10Gi asked for'],
])('A refusal by %s names the quota, its limit, what is in use, and what was asked for.', (field, limit, rest) => {
  const ledger = createLedger();
  ask(ledger, 'one');
  const refusal = ask(ledger, 'two', { quota: { [field]: limit } });
  expect(refusal).toMatchObject({
    outcome: 'refused',
    message: `quota.${field}: expected at most ${limit} for one owner; ${rest}`,
  });
  expect(ask(ledger, 'one', { build: 2, quota: { [field]: limit } }).outcome).toBe('granted');
});

test('A workspace refused only because too much runs keeps its place for a home; one refused for its home does not.', () => {
  const ledger = createLedger();
  ask(ledger, 'one');
  expect(ask(ledger, 'two', { quota: { runningPerOwner: 1 } })).toMatchObject({ outcome: 'refused', home: true });
  expect(ask(ledger, 'three', { quota: { homesPerOwner: 2 } })).toMatchObject({ outcome: 'refused', home: false });
  expect(viewLedger(ledger)).toMatchObject({ running: 1, homes: 2 });
});

test('A refused request that is repeated is judged again.', () => {
  const ledger = createLedger();
  ask(ledger, 'one');
  expect(ask(ledger, 'two', { quota: { runningPerOwner: 1 } }).outcome).toBe('refused');
  down(ledger, 'one');
  expect(ask(ledger, 'two', { quota: { runningPerOwner: 1 } }).outcome).toBe('granted');
});

test('A rebuild is judged by what it asks for beyond what its workspace has, so a lower quota takes nothing away.', () => {
  const ledger = createLedger();
  ask(ledger, 'one');
  ask(ledger, 'two');
  const quota = { runningPerOwner: 1, cpuPerOwner: '2' };
  expect(ask(ledger, 'two', { build: 2, quota }).outcome).toBe('granted');
  const more = ask(ledger, 'two', { build: 3, quota, resources: { cpu: '2' } });
  expect(more).toMatchObject({ outcome: 'refused', message: expect.stringContaining('cpuPerOwner') });
  expect(viewLedger(ledger)).toMatchObject({ running: 2, cpu: '2' });
});

test('A late request of an older or ended build reserves nothing and names the newest build.', () => {
  const ledger = createLedger();
  ask(ledger, 'dev', { build: 2 });
  expect(ask(ledger, 'dev', { build: 1 })).toEqual({ outcome: 'stale', build: 2 });
  down(ledger, 'dev', { build: 2 });
  expect(ask(ledger, 'dev', { build: 2 })).toEqual({ outcome: 'stale', build: 2 });
  expect(ask(ledger, 'dev', { build: 9, bornAt: 0 })).toEqual({ outcome: 'stale', build: 2 });
  expect(viewLedger(ledger).running).toBe(0);
});

test('A late report of an older build gives nothing back.', () => {
  const ledger = createLedger();
  ask(ledger, 'dev', { build: 2 });
  down(ledger, 'dev', { build: 1, sequence: 9 });
  expect(viewLedger(ledger).running).toBe(1);
});

test('A repeated request gets what the first one reserved, although the policy gives other resources by then.', () => {
  const ledger = createLedger();
  ask(ledger, 'dev', { resources: { cpu: '500m' } });
  expect(ask(ledger, 'dev', { resources: { cpu: '4' } })).toMatchObject({ reserved: { cpu: '500m' } });
  expect(viewLedger(ledger).cpu).toBe('500m');
});

test('A home that another workspace adopts counts once.', () => {
  const ledger = createLedger();
  ask(ledger, 'old', { id: 'home' });
  down(ledger, 'old', { id: 'home' });
  ask(ledger, 'heir', { id: 'home', bornAt: 2, quota: { homesPerOwner: 1 } });
  expect(viewLedger(ledger)).toMatchObject({ running: 1, homes: 1, disk: '10Gi' });
});

test('A check corrects what is recorded wrongly, and leaves alone what changed while it ran.', () => {
  const ledger = createLedger();
  ask(ledger, 'lost');
  ask(ledger, 'busy');
  const before = snapshotOf(ledger);
  ask(ledger, 'busy', { build: 2 });
  const findings = ['lost', 'busy'].map((name) => ({ name, id: name, running: false, home: false }));
  takeFindings(ledger, before, {
    findings: [...findings, { name: 'new', id: 'n', build: 3, running: true, home: true, resources: ONE }],
  });
  expect(viewLedger(ledger)).toMatchObject({ running: 2, homes: 2 });
  expect(ask(ledger, 'lost').outcome).toBe('stale');
});

test('An owner of more workspaces than can be counted is refused further ones only where there is a quota.', () => {
  const ledger = createLedger();
  for (let index = 0; index < MAX_ENTRIES; index += 1) ask(ledger, `w${index}`);
  expect(ask(ledger, 'more').outcome).toBe('granted');
  expect(ask(ledger, 'more', { quota: { runningPerOwner: 9_000 } }).outcome).toBe('refused');
  expect(viewLedger(ledger).running).toBe(MAX_ENTRIES);
});

test('Reservations under a quota take little time, also where thousands of workspaces are counted.', () => {
  const ledger = createLedger();
  for (let index = 0; index < MAX_ENTRIES; index += 1) ask(ledger, `w${index}`);
  // As many as ten updates bring at once, in one task of the workflow.
  const tookMs = cpuTimeMs(() => {
    for (let index = 0; index < 2_000; index += 1) ask(ledger, `w${index}`, { build: 2, quota: { runningPerOwner: 9_000 } });
  });
  expect(tookMs).toBeLessThan(1_000);
});

test('Amounts too large to be added exactly leave nothing behind when they are given back.', () => {
  const ledger = createLedger();
  ask(ledger, 'small');
  for (const name of ['huge', 'huger', 'hugest']) {
    ask(ledger, name, { resources: { memory: '9007199254740991', disk: '9007199254740991' } });
    down(ledger, name, { home: false });
  }
  expect(viewLedger(ledger)).toEqual({ running: 1, homes: 1, cpu: '1', memory: '2Gi', disk: '10Gi' });
});

test('The state of the longest names stays well below the limit of an input.', () => {
  const ledger = createLedger();
  const long = { cpu: '1234567m', memory: '1234567Mi', disk: '1234567Mi' };
  for (let index = 0; index < MAX_ENTRIES; index += 1) {
    const name = String(index).padStart(40, 'n');
    ask(ledger, name, { id: String(index).padStart(63, 'i'), build: 99_999, bornAt: 1_800_000_000_000, resources: long });
    down(ledger, name, {
      id: String(index).padStart(63, 'i'),
      build: 99_999,
      bornAt: 1_800_000_000_000,
      sequence: 1_800_000_000_000,
    });
  }
  expect(JSON.stringify(ledger).length).toBeLessThan(1_600_000);
});

const operations = fc.array(fc.record({ op: fc.nat(), workspace: fc.nat(), message: fc.nat() }), {
  minLength: 1,
  maxLength: 120,
});

test('Whatever is repeated, late, cancelled, reset, terminated, or lost: no quota is exceeded, and what really runs is counted.', () => {
  fc.assert(
    fc.property(operations, fc.integer({ min: 1, max: 4 }), (steps, limit) => {
      const model = new LedgerModel({ ...NONE, runningPerOwner: limit, cpuPerOwner: String(limit + 1), homesPerOwner: 6 });
      for (const step of steps) {
        model.play(step);
        model.expectWithinQuota();
      }
    }),
    { numRuns: 2_000 },
  );
});

test('After everything has stopped and was checked, nothing is reserved but the homes there are, and no late message changes that.', () => {
  fc.assert(
    fc.property(operations, (steps) => {
      const model = new LedgerModel({ ...NONE, runningPerOwner: 3, cpuPerOwner: '5' });
      for (const step of steps) model.play(step);
      model.settle();
      model.expectNothingRuns();
      model.deliverAll();
      model.check();
      model.expectNothingRuns();
    }),
    { numRuns: 2_000 },
  );
});
