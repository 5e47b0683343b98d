/** Whether dist is what the sources say, asked at the start of every command: by names, times, and sizes, without reading a source. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const SRC = `${root}src/`;
/** Beside the sources, what the compiled files depend on. */
const OTHERS = ['tsconfig.json', 'package-lock.json', 'scripts/bundle-command.mjs', 'scripts/protocol.mjs'];

/** Written by the last install: which package-lock.json it followed. */
export const INSTALL_STAMP = `${root}node_modules/.perennial-lock-hash`;
/** Written by the last build: the fingerprint of what it compiled. */
export const BUILD_STAMP = `${root}dist/.built`;
/** The bundled command. */
export const COMMAND = `${root}dist/command/index.mjs`;

/** Whether nothing has to be installed or compiled. An installed package has no sources, and nothing to compile. */
export function isReady() {
  return !existsSync(SRC) || isBuilt();
}

/** Whether dist was compiled from the sources and the dependencies that there are now. */
export function isBuilt() {
  try {
    const sources = listSources();
    return readFileSync(BUILD_STAMP, 'utf8') === fingerprint(sources) && hasOutputs(sources);
  } catch {
    return false;
  }
}

/**
 * The sources, relative to src. By hand: `readdirSync` with `recursive` takes ten times as long.
 * @param {string} [folder]
 * @returns {string[]}
 */
export function listSources(folder = '') {
  const names = readdirSync(SRC + folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return listSources(`${folder}${entry.name}/`);
    // An editor may keep a link that leads nowhere beside a file.
    return entry.isFile() ? [folder + entry.name] : [];
  });
  return names.filter((name) => /\.(?:ts|cjs|sh)$/.test(name)).sort();
}

/** The install that a build used, and each of its sources with the time of its last change and its size. */
export function fingerprint(sources = listSources()) {
  const files = [...OTHERS, ...sources.map((name) => `src/${name}`)];
  const lines = files.map((name) => {
    const { mtimeMs, size } = statSync(root + name);
    return `${name} ${mtimeMs} ${size}\n`;
  });
  return `${readFileSync(INSTALL_STAMP, 'utf8')}\n${lines.join('')}`;
}

/** Whether every source has its output, and the command is bundled. */
export function hasOutputs(sources = listSources()) {
  const outputs = sources.filter((name) => !name.endsWith('.d.ts')).map((name) => `${root}dist/${name.replace(/\.ts$/, '.js')}`);
  return [...outputs, COMMAND].every((file) => existsSync(file));
}
