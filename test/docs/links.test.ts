/** The documents lead somewhere: links, anchors, and named paths exist, and no page is left out of the index. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { bannedInText } from '../support/comment-scans';
import { anchorsOf, codesIn, linksOf, proseOf, readDocument, readDocuments, resolveFrom, wordsOf } from '../support/documents';
import { ROOT, read, type Source, walk } from '../support/source-scans';

const MAX_README_WORDS = 900;
const DOCUMENTS = readDocuments();
/** Written as a path of the repository. */
const PATH = /^(?:src|test|scripts|docs|deploy|images|bin|\.ci|\.github)\/[\w./-]*$/;

test('Every relative link of the documents leads to a file, and its anchor to a heading there.', () => {
  expect(DOCUMENTS.flatMap(brokenLinks)).toEqual([]);
});

test('Every path of the repository that the documents name exists.', () => {
  const named = DOCUMENTS.flatMap((document) =>
    proseOf(document).flatMap((line, index) =>
      codesIn(line)
        .filter((code) => PATH.test(code) && !existsSync(path.join(ROOT, code)))
        .map((code) => `${document.file}:${index + 1}: ${code}`),
    ),
  );
  expect(named).toEqual([]);
});

test('Every page of docs is listed in an index that README leads to.', () => {
  const listed = new Set<string>();
  const waiting = ['README.md'];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (listed.has(file)) continue;
    listed.add(file);
    const document = DOCUMENTS.find((each) => each.file === file);
    if (document) waiting.push(...targetsOf(document));
  }
  expect(DOCUMENTS.map(({ file }) => file).filter((file) => !listed.has(file))).toEqual([]);
});

test(`README has at most ${MAX_README_WORDS} words.`, () => {
  expect(wordsOf(readDocument('README.md'))).toBeLessThanOrEqual(MAX_README_WORDS);
});

test('Every document that code, manifests, and scripts cite is in the repository.', () => {
  const roots = ['Dockerfile', 'docker-compose.yml', 'package.json'].map(read);
  const files = [...roots, ...['src', 'test', 'scripts', 'bin', 'deploy', '.github'].flatMap(walk)];
  expect(files.filter(({ file }) => !file.startsWith('test/fixtures/')).flatMap(deadCitations)).toEqual([]);
});

test('No document uses private vocabulary outside of samples and quotations.', () => {
  const found = DOCUMENTS.flatMap((document) =>
    proseOf(document).flatMap((line, index) =>
      bannedInText(line.replaceAll(/`[^`]*`|"[^"]*"/g, ''), index + 1).map(
        (each) => `${document.file}:${each.line}: ${each.word}`,
      ),
    ),
  );
  expect(found).toEqual([]);
});

function brokenLinks(document: Source): string[] {
  return linksOf(document)
    .filter(({ target }) => !/^[a-z]+:/.test(target))
    .filter(({ target }) => !leadsSomewhere(document, target))
    .map(({ target, line }) => `${document.file}:${line}: ${target}`);
}

function leadsSomewhere(document: Source, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const place = file === '' ? document.file : resolveFrom(document, file);
  if (!existsSync(path.join(ROOT, place))) return false;
  return anchor === undefined || (place.endsWith('.md') && anchorsOf(read(place)).includes(anchor));
}

/** `docs/` stands for its index. */
function targetsOf(document: Source): string[] {
  return linksOf(document)
    .map(({ target }) => resolveFrom(document, target.split('#')[0] ?? ''))
    .map((target) => (target.endsWith('/') ? `${target}README.md` : target));
}

/** A name alone may be that of a page in docs. Files that tests make for dotfiles are no citations. */
function deadCitations({ file, lines }: Source): string[] {
  return lines.flatMap((line, index) => {
    const comment = /(?:\/\/|\/?\*|#|<!--)\s(.*)$/.exec(line)?.[1] ?? '';
    const cited = [...comment.matchAll(/[\w./-]+\.md\b/g)].map(([name]) => name);
    const dead = cited.filter((name) => ![name, `docs/${name}`].some((each) => existsSync(path.join(ROOT, each))));
    return dead.map((name) => `${file}:${index + 1}: ${name}`);
  });
}
