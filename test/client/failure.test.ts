import { QueryNotRegisteredError, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { RequestFailure, toRequestFailure } from '../../src/client/failure';

const refused = (type: string | null) =>
  new WorkflowUpdateFailedError(
    'refused',
    ApplicationFailure.create({ ...(type !== null && { type }), message: 'by: expected text, got 7' }),
  );

test('A refusal keeps its type and its sentence, and has the SDK error as its cause.', () => {
  const error = refused('InvalidRequest');
  const failure = toRequestFailure(error, 'workspace ada/dev');
  expect(failure).toMatchObject({ type: 'InvalidRequest', message: 'by: expected text, got 7', cause: error });
});

test.each([
  ['Novelty', 'Novelty: by: expected text, got 7'],
  [null, 'by: expected text, got 7'],
])('A refusal of the type %s, which no caller can know, is of type Failed.', (type, message) => {
  expect(toRequestFailure(refused(type), 'workspace ada/dev')).toMatchObject({ type: 'Failed', message });
});

test('A workflow that is not found, an error of another kind, and a thrown text name what the request was about.', () => {
  const missing = toRequestFailure(new WorkflowNotFoundError('none', 'workspace/ada/dev', undefined), 'workspace ada/dev');
  expect(missing).toMatchObject({ type: 'NotFound', message: 'workspace ada/dev does not exist, or has ended' });
  expect(toRequestFailure(new Error('oh'), 'workspace ada/dev')).toMatchObject({
    type: 'Failed',
    message: 'workspace ada/dev: oh',
  });
  expect(toRequestFailure('oh', 'workspace ada/dev')).toMatchObject({ type: 'Failed', message: 'workspace ada/dev: oh' });
});

test('A failure that was translated before stays as it is.', () => {
  const failure = new RequestFailure('NotAllowed', 'stop: the workspace is deleted');
  expect(toRequestFailure(failure, 'workspace ada/dev')).toBe(failure);
});

test.each([
  ['NotFound', 'build: expected the number of a build that is kept (1, 2), got 7'],
  ['NotFound', 'Workflow did not register a handler for status. Registered queries: [usage]'],
  ['InvalidRequest', 'number: expected a build number from 1, got 0'],
  ['Failed', "Cannot read properties of undefined (reading 'builds')"],
])('A query that fails is of type %s where its sentence is "%s"', (type, message) => {
  const failure = toRequestFailure(new QueryNotRegisteredError(message, 3), 'workspace ada/dev');
  expect([failure.type, failure.message.endsWith(message)]).toEqual([type, true]);
});
