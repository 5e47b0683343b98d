/** Reads the documents of the repository: their headings, links, tables, and samples. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { ROOT, read, type Source, walk } from './source-scans';

export interface Sample {
  /** What stands behind the opening fence, such as `json`; empty for none. */
  language: string;
  text: string;
  /** Of the opening fence, from 1. */
  line: number;
}

export interface Link {
  target: string;
  line: number;
}

const FENCE = /^\s*```(\S*)/;

/** Every document of the root and of `docs/`. */
export function readDocuments(): Source[] {
  const roots = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  return [...roots.map(read), ...walk('docs').filter(({ file }) => file.endsWith('.md'))];
}

export function readDocument(file: string): Source {
  return read(file);
}

export function samplesOf({ lines }: Source): Sample[] {
  const samples: Sample[] = [];
  let open: Sample | null = null;
  for (const [index, line] of lines.entries()) {
    const fence = FENCE.exec(line);
    if (fence && open === null) open = { language: fence[1] ?? '', text: '', line: index + 1 };
    else if (fence && open !== null) {
      samples.push(open);
      open = null;
    } else if (open !== null) open.text += `${line}\n`;
  }
  return samples;
}

/** The lines outside samples; those inside are empty, so that the numbers of lines stay. */
export function proseOf({ lines }: Source): string[] {
  let isInside = false;
  return lines.map((line) => {
    const isFence = FENCE.test(line);
    if (isFence) isInside = !isInside;
    return isFence || isInside ? '' : line;
  });
}

/** As the anchors of headings are made on GitHub: small letters, no punctuation, hyphens for spaces. */
export function anchorsOf(document: Source): string[] {
  const counts = new Map<string, number>();
  return headingsOf(document).map((heading) => {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-');
    const count = counts.get(anchor) ?? 0;
    counts.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

export function headingsOf(document: Source): string[] {
  return proseOf(document).flatMap((line) => /^#{1,6} (.+)$/.exec(line)?.[1] ?? []);
}

export function linksOf(document: Source): Link[] {
  return proseOf(document).flatMap((line, index) =>
    [...line.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map((match) => ({
      target: match[1] ?? '',
      line: index + 1,
    })),
  );
}

/** The lines under a heading, up to the next one of its level or a higher one. Throws where there is none. */
export function sectionOf(document: Source, heading: string): string[] {
  const lines = proseOf(document);
  const start = lines.findIndex((line) => /^#{1,6} /.test(line) && line.replace(/^#+ /, '') === heading);
  if (start < 0) throw new Error(`${document.file}: expected a heading "${heading}"`);
  const level = /^#+/.exec(lines[start] ?? '')?.[0].length ?? 1;
  const length = lines.slice(start + 1).findIndex((line) => (/^(#+) /.exec(line)?.[1]?.length ?? 7) <= level);
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length);
}

/** The rows of the tables among these lines, without heads and rules; each as its cells. */
export function rowsOf(lines: string[]): string[][] {
  const isRule = (line: string | undefined) => /^\s*\|[\s:|-]+\|\s*$/.test(line ?? '');
  return lines
    .filter((line, index) => line.trim().startsWith('|') && !isRule(line) && !isRule(lines[index + 1]))
    .map((line) =>
      line
        .trim()
        .replaceAll('\\|', '\u0000')
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('\u0000', '|')),
    );
}

/** What stands in backticks in the first cell of each row. */
export function firstCells(lines: string[]): string[] {
  return rowsOf(lines).flatMap(([first]) => codesIn(first ?? ''));
}

export function codesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}

/** All words, those of samples and tables among them. */
export function wordsOf({ text }: Source): number {
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

/** Sentences of prose: no tables, headings, or samples. */
export function sentencesOf(document: Source): string[] {
  const paragraphs = proseOf(document)
    .map((line) => line.trim())
    .map((line) => (/^(?:[|#<!]|$)/.test(line) ? '\n' : line.replace(/^(?:[-*]|\d+\.) (?:\[.\] )?/, '\n')))
    .join(' ')
    .split('\n');
  return paragraphs.flatMap((paragraph) => paragraph.split(/(?<=[.!?])\s+/)).filter((sentence) => /\w+ \w+/.test(sentence));
}

/** Whether a path of the repository is there, relative to its root. */
export function resolveFrom(document: Source, target: string): string {
  return path.posix.normalize(path.posix.join(path.posix.dirname(document.file), target));
}
