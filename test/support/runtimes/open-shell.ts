import { text } from 'node:stream/consumers';
import type { PodRef, Runtime } from '../../../src/runtimes/runtime';
import { patiently } from './contract';
import { testStreams } from './shell-streams';

/** What a command prints; or a terminal, when there is no command. */
export async function openShell(
  runtime: Runtime,
  ref: PodRef,
  { input, command }: { input: string; command: string[] },
): Promise<string> {
  const streams = testStreams(command.length > 0 ? null : { columns: 200, rows: 40 });
  const printed = Promise.all([text(streams.stdout), text(streams.stderr)]);
  if (command.length > 0) streams.stdin.end(input);
  else streams.stdin.write(input);
  await runtime.shell(ref, { command, streams, signal: patiently().signal });
  streams.stdout.end();
  streams.stderr.end();
  return (await printed).join('');
}
