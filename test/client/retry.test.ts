import { QueryRejectedError, ServiceError } from '@temporalio/client';
import { sendQuery } from '../../src/client/retry';

/** Of Temporal's API. */
const [COMPLETED, CONTINUED_AS_NEW] = [2, 6];

test('A query that reached a run in the moment in which another followed it is sent again.', async () => {
  let attempts = 0;
  const send = async () => {
    attempts += 1;
    if (attempts === 1) throw new QueryRejectedError(CONTINUED_AS_NEW);
    return 'status';
  };
  expect(await sendQuery('workspace ada/dev', send)).toBe('status');
  expect(attempts).toBe(2);
});

test('A query to a workflow that has ended is not sent again.', async () => {
  const send = jest.fn(async () => {
    throw new QueryRejectedError(COMPLETED);
  });
  await expect(sendQuery('workspace ada/dev', send)).rejects.toMatchObject({ type: 'NotFound' });
  expect(send).toHaveBeenCalledTimes(1);
});

test('A query that no worker answered in time is retried, three times in all, and then fails as Unavailable.', async () => {
  const unanswered = () => Promise.reject(serverFailure(4, 'query timed out before a worker could process it'));
  const late = jest
    .fn<Promise<string>, []>(async () => 'status')
    .mockImplementationOnce(unanswered)
    .mockImplementationOnce(unanswered);
  expect(await sendQuery('workspace ada/dev', late)).toBe('status');
  const never = jest.fn(unanswered);
  await expect(sendQuery('workspace ada/dev', never)).rejects.toMatchObject({
    type: 'Unavailable',
    message: 'workspace ada/dev: no answer in time; does a worker run on this namespace?',
  });
  expect(never).toHaveBeenCalledTimes(3);
});

test('A query that came while the server retries a task is retried.', async () => {
  const repeated = serverFailure(9, 'Unable to query workflow due to Workflow Task in failed state.');
  const send = jest.fn<Promise<string>, []>(async () => 'status').mockRejectedValueOnce(repeated);
  expect(await sendQuery('workspace ada/dev', send)).toBe('status');
  const refused = jest.fn(() => Promise.reject(serverFailure(9, 'something else')));
  await expect(sendQuery('workspace ada/dev', refused)).rejects.toMatchObject({ type: 'Unavailable' });
  expect(refused).toHaveBeenCalledTimes(1);
});

test('A query that came while no worker polled is retried, for some seconds.', async () => {
  const unpolled = serverFailure(9, 'no poller seen for task queue recently, worker may be down');
  const send = jest.fn<Promise<string>, []>(async () => 'status').mockRejectedValueOnce(unpolled);
  expect(await sendQuery('workspace ada/dev', send)).toBe('status');
  expect(send).toHaveBeenCalledTimes(2);
});

function serverFailure(code: number, details: string): ServiceError {
  const cause = Object.assign(new Error(details), { code, details, metadata: {} });
  return new ServiceError('Failed to query Workflow', { cause });
}
