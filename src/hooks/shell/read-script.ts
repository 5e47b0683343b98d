import { readFileSync } from 'node:fs';
import path from 'node:path';
import { quote } from './quote';

/** Replaced by the text of another file. */
const INCLUDE = /^\. \.\/([\w-]+\.sh)$/;
/** The file is replaced by its text as a quoted word. */
const VALUE = /^(\w+=)\$\(cat \.\/([\w-]+\.sh)\)$/;
const COMMENT = /^\s*#/;

/**
 * Reads a shell script into one text that needs no other file. Two kinds of line, which mean the same in a shell that runs in the
 * folder, are replaced: `. ./file.sh` and `NAME=$(cat ./file.sh)`. Lines that begin with `#` are left out, also within a string.
 * @throws when a file is missing, since the installation is incomplete, and for an include in any other form
 */
export function readScript(...segments: string[]): string {
  const file = path.join(...segments);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines
    .filter((line) => !COMMENT.test(line))
    .map((line) => composeLine(path.dirname(file), line))
    .join('\n');
}

/** An include in any other form, which a shell in a pod could not resolve. */
const UNRESOLVED = /^\s*\. \.\/|\$\(cat \.\//;

function composeLine(folder: string, line: string): string {
  const included = INCLUDE.exec(line)?.[1];
  if (included !== undefined) return readScript(folder, included);
  const [, assignment, value] = VALUE.exec(line) ?? [];
  if (assignment !== undefined && value !== undefined) return assignment + quote(readScript(folder, value));
  if (UNRESOLVED.test(line)) throw new Error(`shell script in ${folder}: expected an include on a line of its own, got ${line}`);
  return line;
}
