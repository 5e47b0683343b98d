import path from 'node:path';
import { quote } from '../hooks/shell/quote';
import type { Stack } from './stack';

interface Advised {
  stack: Stack;
  dir: string;
  nextImage: string;
  isCliOnPath: boolean;
}

/** A short list of things to try, as whole command lines that can be pasted as they are. */
export function adviseOnStack({ stack, dir, nextImage, isCliOnPath }: Advised): string {
  const temporal = isCliOnPath ? 'temporal' : quoteIfNeeded(stack.cli);
  const where = `--address ${stack.temporal.address} --namespace ${stack.temporal.namespace} -w workspace/you/first`;
  const perennial =
    path.basename(dir) === '.perennial' && path.resolve('.perennial') === dir
      ? 'npx perennial'
      : `PERENNIAL_DIR=${quoteIfNeeded(dir)} npx perennial`;
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

Ctrl-C ends everything; homes and histories stay in ${dir}.
`;
}

/** Plain words are easier to read without quotes. */
const quoteIfNeeded = (text: string): string => (/^[\w./@:-]+$/.test(text) ? text : quote(text));
