import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CliFailure } from '../failure';

/** Above every value's limit; the rest is not read. */
const MAX_BYTES = 128 * 1024;

/** What standard input has until its end; of a terminal one line, which is not shown. */
export function readSecret({
  stdin,
  stderr,
  question,
}: {
  stdin: NodeJS.ReadStream;
  stderr: NodeJS.WritableStream;
  question: string;
}): Promise<Buffer> {
  return stdin.isTTY ? askHidden(stdin, stderr, question) : readAll(stdin);
}

async function readAll(stdin: NodeJS.ReadStream): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stdin as AsyncIterable<Buffer>) {
    parts.push(part);
    bytes += part.length;
    if (bytes > MAX_BYTES) break;
  }
  return Buffer.concat(parts);
}

/** The line editor of Node shows what is typed on its output, which goes nowhere here. */
async function askHidden(stdin: NodeJS.ReadStream, stderr: NodeJS.WritableStream, question: string): Promise<Buffer> {
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: stdin, output, terminal: true });
  const closed = new Promise<null>((resolve) => reader.once('close', () => resolve(null)));
  stderr.write(question);
  const answer = await Promise.race([reader.question(''), closed]);
  reader.close();
  stderr.write('\n');
  if (answer === null) throw new CliFailure('Declined', 'nothing was done');
  return Buffer.from(answer);
}
