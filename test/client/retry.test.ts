import { QueryRejectedError } from '@temporalio/client';
import { sendQuery } from '../../src/client/retry';

/** Of Temporal's API. */
const [COMPLETED, CONTINUED_AS_NEW] = [2, 6];

test('A query that came to a run which another one followed at that moment is sent again.', async () => {
  let tries = 0;
  const send = async () => {
    tries += 1;
    if (tries === 1) throw new QueryRejectedError(CONTINUED_AS_NEW);
    return 'status';
  };
  expect(await sendQuery('workspace ada/dev', send)).toBe('status');
  expect(tries).toBe(2);
});

test('A query that came to a workflow which has ended is not sent again.', async () => {
  const send = jest.fn(async () => {
    throw new QueryRejectedError(COMPLETED);
  });
  await expect(sendQuery('workspace ada/dev', send)).rejects.toMatchObject({ type: 'NotFound' });
  expect(send).toHaveBeenCalledTimes(1);
});
