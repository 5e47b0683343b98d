import { createActivities } from '../../src/activities';
import * as names from '../../src/contract/names';
import * as workflows from '../../src/workflows';

const TYPES = [
  names.WORKSPACE_WORKFLOW,
  names.ORGANIZATION_WORKFLOW,
  names.MEMBERS_WORKFLOW,
  names.OWNER_WORKFLOW,
  names.CAMPAIGN_WORKFLOW,
  names.WATCH_WORKFLOW,
];

test('The workflow types are the names under which the workflows are exported.', () => {
  expect(Object.keys(workflows).sort()).toEqual([...TYPES].sort());
});

test('The activity types of a build are names of activities.', () => {
  const dependencies = { runtime: {}, client: {} } as Parameters<typeof createActivities>[0];
  expect(Object.keys(createActivities(dependencies))).toEqual(expect.arrayContaining([...names.BUILD_ACTIVITIES]));
});

test.each([
  ['a', true],
  ['a-1', true],
  ['x'.repeat(40), true],
  ['x'.repeat(41), false],
  ['', false],
  ['-a', false],
  ['a-', false],
  ['A', false],
  ['a_b', false],
  ['a\n', false],
])('The text %j is a name: %s.', (text, expected) => {
  expect(names.NAME.test(text)).toBe(expected);
  expect(names.ownerOfWorkflowId(names.workspaceWorkflowId(text, 'dev'))).toBe(expected ? text : null);
  expect(names.ownerOfWorkflowId(names.workspaceWorkflowId('ada', text))).toBe(expected ? 'ada' : null);
});

test('A workflow id is the workflow type and the names behind it, and the id of a workspace leads back to its name.', () => {
  expect(names.workspaceWorkflowId('ada', 'dev')).toBe('workspace/ada/dev');
  expect(names.organizationWorkflowId('acme')).toBe('organization/acme');
  expect(names.organizationPartId('acme', 3)).toBe('members/acme/3');
  expect(names.watchWorkflowId('sandbox')).toBe('watch/sandbox');
  expect(names.workspaceOfWorkflowId('workspace/ada/dev')).toBe('ada/dev');
});
