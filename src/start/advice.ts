import path from 'node:path';
import { quote } from '../hooks/shell/quote';
import type { Stack } from './stack';

interface Advised {
  stack: Stack;
  dir: string;
  /** The file of the `perennial` command. Called by its path it starts half a second sooner than by npx. */
  command: string;
  nextImage: string;
  isCliOnPath: boolean;
}

/** A short list of things to try, as whole command lines that can be pasted as they are. */
export function adviseOnStack({ stack, dir, command, nextImage, isCliOnPath }: Advised): string {
  const temporal = isCliOnPath ? 'temporal' : quoteIfNeeded(stack.cli);
  const where = `--address ${stack.temporal.address} --namespace ${stack.temporal.namespace} -w workspace/you/first`;
  const program = quoteIfNeeded(isCheckout(command) ? path.relative('.', command) : command);
  const perennial = path.resolve('.perennial') === dir ? program : `PERENNIAL_DIR=${quoteIfNeeded(dir)} ${program}`;
  const page = `${stack.ui}/namespaces/${stack.temporal.namespace}/workflows/${encodeURIComponent('workspace/you/first')}`;
  const image = quoteIfNeeded(JSON.stringify({ image: nextImage, by: 'you' }));
  return `
Things to try:
  see it in the Web UI     ${page}
  say that you use it      ${perennial} ping you/first
                           ${temporal} workflow signal ${where} --name ping --input '{"via":"terminal"}'
  take the next image      ${perennial} rebuild you/first --image ${nextImage}
                           ${temporal} workflow update execute ${where} --name rebuild --input ${image}
  open a shell in it       ${perennial} shell you/first
  turn it off              ${perennial} stop you/first
                           ${temporal} workflow signal ${where} --name stop --input '{"by":"you"}'
  kill the worker midway   start a rebuild, then: kill -9 ${stack.workerPid() ?? 'WORKER'}
                           and watch it recover: the worker is started again, and the build goes on where it was

The command under a short name: alias perennial=${quoteIfNeeded(command)}
Ctrl-C ends everything; homes and histories stay in ${dir}.
`;
}

/** Whether the command is called from the checkout that it belongs to. */
const isCheckout = (command: string): boolean => path.resolve('bin', path.basename(command)) === command;

/** Plain words are easier to read without quotes. */
const quoteIfNeeded = (text: string): string => (/^[\w./@:-]+$/.test(text) ? text : quote(text));
