/** The scenario of an owner for recorded histories. */
import { until } from '../support/until';
import { type Stack, untilState } from '../support/workflows/temporal-env';

/** Both runs of an owner that hands over, with a check, reservations, a refusal, reports, and settings that are sent. */
export async function recordOwner(stack: Stack) {
  const organization = 'limited';
  await stack.client.organization(organization).create({ policy: { quota: { runningPerOwner: 1 } } });
  const owner = stack.client.owner(organization, 'bob');
  const make = (name: string) => stack.client.create({ owner: 'bob', name, image: 'starter:1', organization });
  const first = await make('one');
  await untilState(first, 'running');
  const second = await make('two');
  await untilState(second, 'error');
  await first.stop();
  await until('it is given back', async () => (await owner.status()).usage.running === 0);
  const handle = stack.client.temporal.workflow.getHandle(`owner/${organization}/bob`);
  const { runId } = await handle.describe();
  await handle.cancel();
  await until('another run goes on', async () => (await handle.describe()).runId !== runId);
  await second.start();
  await untilState(second, 'running');
  await owner.configure({ autoStart: { time: '08:30', timeZone: 'Europe/Berlin' } });
  await until('the settings arrive', async () => (await second.status()).autoStart?.at);
  await handle.signal('workspaceEnded', { workspace: 'workspace/bob/one', id: 'unknown', home: true });
  await second.stop();
  await until('it is given back', async () => (await owner.status()).usage.running === 0);
  const workflowId = `owner/${organization}/bob`;
  return { 'owner-before': { workflowId, runId }, 'owner-after': { workflowId } };
}
