/** What the figures and the tidy test count in sources: words of comments, banned words, exports and fields with a comment. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT, type Source } from './source-scans';

export interface BannedWord {
  /** A regular expression, matched as a whole word in any case. */
  word: string;
  /** What to write in its place. */
  instead: string;
}

export interface Found {
  line: number;
  word: string;
  instead: string;
}

/** Counted things, and those of them that have a comment. */
export interface Share {
  all: number;
  commented: number;
}

export const BANNED_WORDS = JSON.parse(readFileSync(path.join(ROOT, 'scripts/banned-words.json'), 'utf8')) as BannedWord[];

const BANNED = BANNED_WORDS.map(({ word, instead }) => ({ pattern: new RegExp(`\\b(?:${word})\\b`, 'gi'), instead }));
const COMMENT = { ts: /^\s*(?:\/\/|\/?\*+)(.*)|\s\/\/ (.*)$/, sh: /^\s*#(?!!)(.*)/ };
const EXPORT = /^export (?:default )?(?:abstract |async |declare )*(?:const|let|function\*?|class|interface|type|enum) \w/;
/** A title of a test on the line of its call or alone on a line, and the name that a declaration gives. */
const TEST_TITLE = /^\s*(?:test|it|describe|lives)\b.*\(['"`].*|^\s+['"`].*['"`],$/;
const DECLARED = /^\s*(?:export )?(?:async )?(?:const|let|function\*?|class|interface|type) (?:\w+|[[{][^\]}]*)/;
const FIELD = /^\s+(?:readonly )?(?:'[^']+'|\w+)\??: /;

/** The text of the comment on each line; empty where there is none. */
export function commentsOf({ file, lines }: Pick<Source, 'file' | 'lines'>): string[] {
  const pattern = file.endsWith('.sh') ? COMMENT.sh : COMMENT.ts;
  return lines.map((line) => {
    const match = pattern.exec(line);
    return match?.[1] ?? match?.[2] ?? '';
  });
}

export function countWords(texts: string[]): number {
  return texts.flatMap((text) => text.split(/\s+/)).filter((word) => /\w/.test(word)).length;
}

/** The banned words in comments, each with what to write in its place. */
export function bannedIn(source: Pick<Source, 'file' | 'lines'>): Found[] {
  return commentsOf(source).flatMap((text, index) => bannedInText(text, index + 1));
}

/** The banned words in identifiers, messages, and log lines: parts of names count as words. */
export function bannedInCode(source: Pick<Source, 'file' | 'lines'>): Found[] {
  const comments = commentsOf(source);
  return source.lines.flatMap((line, index) => {
    const comment = comments[index] ?? '';
    const code = comment === '' ? line : line.slice(0, line.length - comment.length);
    return bannedInText(code.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2'), index + 1);
  });
}

/** The banned words in titles of tests, and in the names that a test file declares. */
export function bannedInNames({ file, lines }: Pick<Source, 'file' | 'lines'>): Found[] {
  return bannedInCode({ file, lines: lines.map((line) => (TEST_TITLE.exec(line) ?? DECLARED.exec(line))?.[0] ?? '') });
}

/** The banned words of one text. */
export function bannedInText(text: string, line: number): Found[] {
  return BANNED.flatMap(({ pattern, instead }) => [...text.matchAll(pattern)].map(([word]) => ({ line, word, instead })));
}

/** What a file exports by itself; what it only passes on is counted where it stands. */
export function exportsOf({ lines }: Pick<Source, 'lines'>): Share {
  return shareOf(lines, (line) => EXPORT.test(line));
}

/** The fields of all exported interfaces and object types of a file, nested ones too. */
export function fieldsOf({ lines }: Pick<Source, 'lines'>): Share {
  let isInside = false;
  return shareOf(lines, (line) => {
    if (/^export (?:interface|type)\b.*\{$/.test(line)) isInside = true;
    else if (line.startsWith('}')) isInside = false;
    return isInside && FIELD.test(line);
  });
}

function shareOf(lines: string[], isCounted: (line: string) => boolean): Share {
  const counted = lines.flatMap((line, index) => (isCounted(line) ? [index] : []));
  return { all: counted.length, commented: counted.filter((index) => hasComment(lines, index)).length };
}

function hasComment(lines: string[], index: number): boolean {
  return /\*\/\s*$|^\s*\/\//.test(lines[index - 1] ?? '') || /\s\/\/ \S/.test(lines[index] ?? '');
}
