import fc from 'fast-check';
import { viewOrganizationDetails, viewOrganizationUsage } from '../../../../src/workflows/organization/rules/state';
import { organization, REPORT, takeEnd, takeReports } from '../../../support/workflows/organization-builders';
import { copy } from '../../../support/workflows/state-builders';

test('Usage sums running, cpu, and memory over what is up, homes and disk over what is kept, for each owner.', () => {
  const state = organization(
    {},
    { workspace: 'workspace/ada/two', id: 'w2', cpu: '1500m', memory: '512Mi', disk: '2Gi' },
    { workspace: 'workspace/ada/off', id: 'w3', running: false, cpu: '8', memory: '64Gi', disk: '1Gi' },
    { workspace: 'workspace/eve/dev', id: 'w4', owner: 'eve', home: false, cpu: '1', disk: '5Gi' },
  );
  expect(viewOrganizationUsage(state)).toEqual({
    owners: {
      ada: { running: 2, homes: 3, cpu: '2', memory: '2560Mi', disk: '13Gi' },
      eve: { running: 1, homes: 0, cpu: '1', memory: '2Gi', disk: '0' },
    },
  });
});

test('A later report replaces the one before; an older one changes nothing; one without run and home ends it.', () => {
  const state = organization({}, { sequence: 3, running: false }, { sequence: 2, running: true });
  expect(viewOrganizationUsage(state).owners.ada).toMatchObject({ running: 0, homes: 1 });
  takeReports(state, { ...REPORT, sequence: 4, running: false, home: false });
  expect(viewOrganizationUsage(state)).toEqual({ owners: {} });
});

test('A workspace created again under a name counts from its first report; the home of the earlier one is counted until it is gone.', () => {
  const state = organization({ sequence: 9 }, { id: 'w2', sequence: 1, cpu: '4' });
  expect(viewOrganizationUsage(state).owners.ada).toMatchObject({ running: 1, cpu: '4', homes: 2 });
  takeEnd(state, { workspace: REPORT.workspace, id: 'w1', home: false });
  expect(viewOrganizationUsage(state).owners.ada).toMatchObject({ running: 1, cpu: '4', homes: 1 });
});

test('A home that another workspace of its owner adopts is counted once.', () => {
  const state = organization({});
  takeEnd(state, { workspace: REPORT.workspace, id: 'w1', home: true });
  takeReports(state, { ...REPORT, workspace: 'workspace/ada/heir', sequence: 2 });
  expect(viewOrganizationUsage(state).owners.ada).toMatchObject({ running: 1, homes: 1, disk: '10Gi' });
});

test('A workspace that was terminated runs no longer, and its home counts until that is gone too.', () => {
  const state = organization({});
  takeEnd(state, { workspace: REPORT.workspace, id: 'w1', home: true });
  expect(viewOrganizationUsage(state).owners.ada).toMatchObject({ running: 0, homes: 1, cpu: '0', disk: '10Gi' });
  takeEnd(state, { workspace: REPORT.workspace, id: 'w1', home: false });
  expect(viewOrganizationUsage(state)).toEqual({ owners: {} });
});

test('A workspace that ended before it had a home is no longer counted.', () => {
  const state = organization({ home: false });
  takeEnd(state, { workspace: REPORT.workspace, id: 'w1', home: true });
  expect(viewOrganizationUsage(state)).toEqual({ owners: {} });
});

test('The end of a workspace changes nothing for another of the same name, nor for an unknown one.', () => {
  const state = organization({ id: 'w2' });
  const before = copy(state);
  takeEnd(state, { workspace: REPORT.workspace, id: 'w1', home: true });
  takeEnd(state, { workspace: 'workspace/ada/other', id: 'w1', home: false });
  expect(state).toStrictEqual(before);
});

test('That one was terminated changes nothing of the workspace that has adopted its home by then; that the home is gone does.', () => {
  const state = organization({});
  takeReports(state, { ...REPORT, workspace: 'workspace/ada/heir', sequence: 2 });
  takeEnd(state, { workspace: REPORT.workspace, id: 'w1', home: true });
  expect(viewOrganizationUsage(state).owners.ada).toMatchObject({ running: 1, homes: 1 });
  takeEnd(state, { workspace: REPORT.workspace, id: 'w1', home: false });
  expect(viewOrganizationUsage(state)).toEqual({ owners: {} });
});

test('An owner may be called like what every object has.', () => {
  const owners = ['constructor', 'valueof', 'tostring'];
  const state = organization(...owners.map((owner) => ({ owner, workspace: `workspace/${owner}/dev`, id: 'constructor' })));
  expect(Object.keys(viewOrganizationUsage(copy(state)).owners)).toEqual(owners);
});

test('Whatever comes and goes, the sums are those of the workspaces that are left.', () => {
  const event = fc.record({
    owner: fc.constantFrom('ada', 'eve'),
    name: fc.constantFrom('a', 'b', 'c'),
    id: fc.constantFrom('w1', 'w2', 'w3', 'w4'),
    sequence: fc.nat(20),
    running: fc.boolean(),
    home: fc.boolean(),
    cpu: fc.constantFrom('1', '250m'),
    disk: fc.constantFrom('1Gi', '1500M'),
    isEnd: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      const state = organization();
      for (const { isEnd, name, ...rest } of events) {
        const workspace = `workspace/${rest.owner}/${name}`;
        if (isEnd) takeEnd(state, { workspace, id: rest.id, home: rest.home });
        else takeReports(state, { ...REPORT, workspace, ...rest });
      }
      const records = Object.values(state.members.owners).flatMap(({ workspaces }) => Object.values(workspaces));
      const total = Object.values(viewOrganizationUsage(state).owners);
      const sum = (key: 'running' | 'homes') => total.reduce((all, use) => all + use[key], 0);
      expect(state.members.count).toBe(records.length);
      expect(sum('running')).toBe(state.members.running);
      expect(sum('homes')).toBe(records.filter(([, , flags]) => flags & 2).length);
    }),
  );
});

test('Whatever comes as a report, nothing throws, and the sums stay sums.', () => {
  const fields = Object.keys(REPORT);
  const ended = { workspace: REPORT.workspace, id: 'w1', home: true };
  fc.assert(
    fc.property(fc.constantFrom(...fields), fc.oneof(fc.jsonValue(), fc.anything()), (field, value) => {
      const state = organization({});
      takeReports(state, { ...REPORT, sequence: 2, [field]: value });
      takeReports(state, value);
      takeReports(state, { reports: [value, { ...REPORT, sequence: 3, [field]: value }] });
      takeEnd(state, { ...ended, [field]: value });
      takeEnd(state, value);
      for (const usage of Object.values(viewOrganizationUsage(state).owners))
        expect(Object.values(usage)).not.toContain(Number.NaN);
      viewOrganizationDetails(state);
      expect(JSON.stringify(copy(state))).toBe(JSON.stringify(state));
    }),
    { numRuns: 500 },
  );
});
