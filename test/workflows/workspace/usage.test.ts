import fc from 'fast-check';
import { viewOrganizationDetails } from '../../../src/workflows/workspace/organization';
import { takeUsageReport, takeWorkspaceEnded, viewUsage } from '../../../src/workflows/workspace/usage';
import { organization, REPORT } from './organization-scene';
import { copy } from './scene';

test('Usage sums running, cpu, and memory over what is up, homes and disk over what is kept, for each owner.', () => {
  const state = organization(
    {},
    { workspace: 'workspace/ada/two', cpu: '1500m', memory: '512Mi', disk: '2Gi' },
    { workspace: 'workspace/ada/off', running: false, cpu: '8', memory: '64Gi', disk: '1Gi' },
    { workspace: 'workspace/eve/dev', owner: 'eve', home: false, cpu: '1', disk: '5Gi' },
  );
  expect(viewUsage(state)).toEqual({
    owners: {
      ada: { running: 2, homes: 3, cpu: '2', memory: '2560Mi', disk: '13Gi' },
      eve: { running: 1, homes: 0, cpu: '1', memory: '2Gi', disk: '0' },
    },
  });
});

test('A later report replaces the one before; an older one changes nothing; one without run and home ends it.', () => {
  const state = organization({}, { sequence: 3, running: false }, { sequence: 2, running: true });
  expect(viewUsage(state).owners.ada).toMatchObject({ running: 0, homes: 1 });
  takeUsageReport(state, { ...REPORT, sequence: 4, running: false, home: false });
  expect(viewUsage(state)).toEqual({ owners: {} });
});

test('A workspace that is made anew under the same name counts again from one.', () => {
  const state = organization({ sequence: 9 }, { sequence: 1, cpu: '4' });
  expect(viewUsage(state).owners.ada?.cpu).toBe('4');
});

test('A workspace that was terminated runs no longer, and its home counts until that is gone too.', () => {
  const state = organization({});
  takeWorkspaceEnded(state, { workspace: REPORT.workspace, id: 'w1', home: true });
  expect(viewUsage(state).owners.ada).toMatchObject({ running: 0, homes: 1, cpu: '0', disk: '10Gi' });
  takeWorkspaceEnded(state, { workspace: REPORT.workspace, id: 'w1', home: false });
  expect(viewUsage(state)).toEqual({ owners: {} });
});

test('One that ended before it had a home is counted no more at once.', () => {
  const state = organization({ home: false });
  takeWorkspaceEnded(state, { workspace: REPORT.workspace, id: 'w1', home: true });
  expect(viewUsage(state)).toEqual({ owners: {} });
});

test('That one ended changes nothing of another that was made under its name, nor of one that is unknown.', () => {
  const state = organization({ id: 'w2' });
  const before = copy(state);
  takeWorkspaceEnded(state, { workspace: REPORT.workspace, id: 'w1', home: true });
  takeWorkspaceEnded(state, { workspace: 'workspace/ada/other', id: 'w1', home: false });
  expect(state).toStrictEqual(before);
});

test('Whatever comes as a report, nothing throws, and the sums stay sums.', () => {
  const fields = Object.keys(REPORT);
  const ended = { workspace: REPORT.workspace, id: 'w1', home: true };
  fc.assert(
    fc.property(fc.constantFrom(...fields), fc.oneof(fc.jsonValue(), fc.anything()), (field, value) => {
      const state = organization({});
      takeUsageReport(state, { ...REPORT, sequence: 2, [field]: value });
      takeUsageReport(state, value);
      takeWorkspaceEnded(state, { ...ended, [field]: value });
      takeWorkspaceEnded(state, value);
      for (const usage of Object.values(viewUsage(state).owners)) expect(Object.values(usage)).not.toContain(Number.NaN);
      viewOrganizationDetails(state);
      expect(JSON.stringify(copy(state))).toBe(JSON.stringify(state));
    }),
    { numRuns: 500 },
  );
});
