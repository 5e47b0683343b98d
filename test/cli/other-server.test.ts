/** DIR of one Temporal namespace, and the command connected to another: nothing that lies in DIR is shown, entered, or removed. */
import { fakeClient, run, status } from '../support/cli/command-line';
import { createStackFolder, fakeRuntime, NAMESPACE_ID } from '../support/cli/folder';

const OTHER_ID = '5f0c7a1e-0000-4000-8000-000000000002';
const of = {
  another: createStackFolder(['w1'], OTHER_ID),
  none: createStackFolder(['w1'], null),
  mine: createStackFolder(['w1']),
};

describe.each(['another', 'none'] as const)('On a DIR whose namespace is %s', (owner) => {
  test.each(['orphans list', 'orphans purge --all --yes', 'orphans purge w1', 'logs ada/dev', 'shell ada/dev'])(
    '`%s` is refused before the runtime is opened, and says which is which.',
    async (line) => {
      const { code, out, error, opened } = await runOn(of[owner], line);
      expect({ code, out, opened }).toEqual({ code: 1, out: '', opened: 0 });
      expect(error).toMatch(/^perennial: NotAllowed: /);
      expect(error).toContain(of[owner]);
      expect(error).toContain(`the namespace that was asked has the id ${NAMESPACE_ID}`);
      if (owner === 'another') expect(error).toContain(`belongs to the Temporal namespace with the id ${OTHER_ID}`);
    },
  );
});

test('A server that does not say which namespace it has is believed nothing either.', async () => {
  const describeNamespace = () => Promise.reject(new Error('permission denied'));
  const temporal = { options: { namespace: 'perennial' }, connection: { workflowService: { describeNamespace } } };
  const ended = await runOn(of.mine, 'orphans purge --all --yes', { temporal: temporal as never });
  expect(ended).toMatchObject({ code: 1, opened: 0, error: 'perennial: Failed: permission denied\n' });
});

async function runOn(dir: string, line: string, more: Parameters<typeof fakeClient>[0] = {}) {
  let opened = 0;
  const openRuntime = () => {
    opened += 1;
    return fakeRuntime({});
  };
  const client = fakeClient({ workspace: { status: async () => status() }, ...more });
  const ended = await run(line.split(' '), { client, settings: { dir, images: dir, by: null }, openRuntime });
  return { ...ended, opened };
}
