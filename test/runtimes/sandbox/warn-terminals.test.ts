/** The warning of a campaign in the terminals that people open. */
import { warnTerminalsCommand } from '../../../src/hooks/shell/warn-terminals';
import { patiently, podSpec } from '../../support/runtimes/contract';
import { HOME, REF } from '../../support/runtimes/contract-harness';
import { KINDS, makeSandboxEnv, type SandboxEnv } from '../../support/runtimes/sandbox-env';
import { type TestStreams, testStreams } from '../../support/runtimes/shell-streams';
import { until } from '../../support/until';

const ENV = { CODER_USERNAME: 'ada', CODER_WORKSPACE_NAME: 'warned' };
const TEXT = 'Perennial: this workspace is rebuilt at 12:00 UTC by campaign default/patch (root): a patch.';

describe.each(KINDS)('In a sandbox (isolation: %s)', (isolation) => {
  let sandbox: SandboxEnv;
  beforeEach(async () => {
    sandbox = await makeSandboxEnv(isolation);
  });
  afterEach(() => sandbox.end());

  it('a terminal that a person has open shows the warning.', async () => {
    const { runtime } = sandbox;
    const { identity } = await runtime.prepareHome(HOME, patiently());
    await runtime.startPod({ ...podSpec({ build: 1, home: identity, image: 'starter:1' }), env: ENV }, patiently());
    const ref = { ...REF, build: 1 };
    const streams = testStreams({ columns: 200, rows: 40 });
    const seen = collect(streams);
    const shell = runtime.shell(ref, { command: [], streams, signal: patiently().signal });
    streams.stdin.write('echo rea""dy\n');
    await until(
      () => `the shell answers, and this was seen: ${seen()}`,
      () => seen().includes('ready'),
    );
    const { exitCode } = await runtime.exec(ref, warnTerminalsCommand(TEXT), patiently().signal);
    expect(exitCode).toBe(0);
    await until(
      () => `the warning is seen, and this was seen: ${seen()}`,
      () => seen().includes(TEXT),
    );
    streams.stdin.write('exit\n');
    await shell;
  });
});

function collect({ stdout, stderr }: TestStreams): () => string {
  let seen = '';
  for (const stream of [stdout, stderr]) {
    stream.on('data', (data: Buffer) => {
      seen += data.toString('utf8');
    });
  }
  return () => seen;
}
