import { readLog } from '../../../src/runtimes/kubernetes/read-log';
import { contextOf, type ExecServer, startExecServer } from '../../support/kubernetes/exec-server';
import { expectTimeLimit } from '../../support/kubernetes/hanging-home';

const REF = { id: 'w1', organization: 'default', build: 3, step: 'configure', offset: 0 };

let server: ExecServer;
beforeEach(async () => {
  server = await startExecServer();
});
afterEach(() => server.end());

test('A log cannot be read after 30 s where the home hangs, so that the command never ends.', () =>
  expectTimeLimit(server, 30, () => readLog(contextOf(server), REF)));
