/** The images that docker-compose.yml names, for an engine that may not reach a registry of images. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { importBuilt, inCheckout } from './checkout.mjs';
import { read } from './engine.mjs';

/** @typedef {import('./engine.mjs').Engine} Engine */
/**
 * How to make an image: the name of its Dockerfile, and the files that its build needs, by the names in the folder of the build.
 * @typedef {{ recipe: string, files: Record<string, string> }} StandIn
 */

const RECIPES = inCheckout('test', 'support', 'compose', 'images');
/** Of an image that was made here: the digest of what it was made from. */
const LABEL = 'perennial.stand-in';
const CACHE = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'perennial', 'compose');
const SERVER = 'go.temporal.io/server';
const UI = 'github.com/temporalio/ui-server/v2';
/** Kubernetes' own number, for a program that is no part of an image of docker-compose.yml. */
const KUBECTL_VERSION = '0.34.4';

/** What stands in for the cluster of docker-compose.yml, and has nothing but kubectl. */
const KUBECTL_IMAGE = 'perennial.test/kubectl:1';
const BASE_IMAGE = 'perennial.test/base:1';

/**
 * How to make each image that cannot be pulled, by its repository.
 * @type {Record<string, (version: string) => StandIn | Promise<StandIn>>}
 */
const STAND_INS = {
  postgres: () => ({ recipe: 'postgres', files: {} }),
  'temporalio/server': (version) => ({
    recipe: 'server',
    files: {
      'temporal-server': goProgram('temporal-server', `${SERVER}/cmd/server`, version),
      'entrypoint.sh': path.join(goModule(SERVER, version), 'docker', 'scripts', 'sh', 'entrypoint.sh'),
    },
  }),
  'temporalio/admin-tools': async (version) => ({
    recipe: 'admin-tools',
    files: {
      temporal: await temporalCli(),
      'temporal-sql-tool': goProgram('temporal-sql-tool', `${SERVER}/cmd/tools/sql`, version),
      schema: path.join(goModule(SERVER, version), 'schema'),
    },
  }),
  'temporalio/ui': (version) => {
    const source = goModule(UI, version);
    return {
      recipe: 'ui',
      files: {
        'ui-server': goProgram('ui-server', `${UI}/cmd/server`, version),
        'docker.yaml': path.join(source, 'config', 'docker.yaml'),
        'start-ui-server.sh': path.join(source, 'docker', 'start-ui-server.sh'),
      },
    };
  },
  'perennial.test/kubectl': () => ({ recipe: 'kubectl', files: { kubectl: kubectl() } }),
};

/**
 * Pulls each image, or makes one of the same name. Programs are built from their Go modules once, and kept in the user's cache. An image
 * that was pulled, or made from the same files, stays. Nothing stands in for the image of k3s.
 * @param {{ engine: Engine, say: (line: string) => void, withKubectl: boolean }} options
 */
export async function prepareImages({ engine, say, withKubectl }) {
  const { services } = parse(readFileSync(inCheckout('docker-compose.yml'), 'utf8'));
  const all = /** @type {{ image: string, build?: unknown }[]} */ (Object.values(services));
  const names = all.flatMap(({ image, build }) => (build === undefined ? [image] : []));
  const debian = /^ARG NODE=(\S+)$/m.exec(readFileSync(inCheckout('Dockerfile'), 'utf8'))?.[1] ?? '';
  if (!isThere(engine, debian)) {
    if (engine.tool === null) throw new Error(`the image ${debian} can be neither found nor pulled`);
    say(`making the image ${debian}`);
    read([engine.tool, 'node-image', debian], engine.env);
  }
  for (const name of [...new Set([...names, ...(withKubectl ? [KUBECTL_IMAGE] : [])])]) {
    const [repository = '', tag = ''] = name.split(':');
    const standIn = STAND_INS[repository];
    if (standIn === undefined || isThere(engine, name)) continue;
    const makeBase = () => ({ recipe: 'base', files: {} });
    await make({ engine, say, name: BASE_IMAGE, from: debian, standIn: makeBase });
    await make({ engine, say, name, from: repository === 'postgres' ? debian : BASE_IMAGE, standIn: () => standIn(tag) });
  }
}

/**
 * Whether an image that was not made here is there, or can be pulled.
 * @param {Engine} engine
 * @param {string} name
 */
export function isThere({ env }, name) {
  /** @param {string[]} args */
  const run = (...args) => spawnSync('docker', args, { env, stdio: 'ignore' }).status === 0;
  return (run('image', 'inspect', name) && labelOf(env, name) === '') || run('pull', '--quiet', name);
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} name
 */
function labelOf(env, name) {
  const format = `{{ index .Config.Labels "${LABEL}" }}`;
  return spawnSync('docker', ['image', 'inspect', '--format', format, name], { env, encoding: 'utf8' }).stdout.trim();
}

/** @param {{ engine: Engine, say: (line: string) => void, name: string, from: string, standIn: () => StandIn | Promise<StandIn> }} options */
async function make({ engine, say, name, from, standIn }) {
  const digest = digestOf([from, ...readdirSync(RECIPES).map((file) => readFileSync(path.join(RECIPES, file), 'utf8'))]);
  if (labelOf(engine.env, name) === digest) return;
  say(`making the image ${name}, which cannot be pulled`);
  const { recipe, files } = await standIn();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-image-'));
  try {
    cpSync(RECIPES, folder, { recursive: true });
    for (const [file, source] of Object.entries(files)) {
      cpSync(source, path.join(folder, file), { recursive: true });
      // The module cache is read-only, and its scripts are not executable.
      chmodSync(path.join(folder, file), 0o755);
    }
    const options = ['--network', 'host', '--label', `${LABEL}=${digest}`, '--build-arg', `BASE=${from}`];
    const file = path.join(folder, `${recipe}.Dockerfile`);
    read(['docker', 'build', '--quiet', '--file', file, ...options, '--tag', name, folder], engine.env);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string[]} texts */
const digestOf = (texts) => createHash('sha256').update(texts.join('\0')).digest('hex').slice(0, 16);

/**
 * The folder of a module's sources.
 * @param {string} module
 * @param {string} version
 * @returns {string}
 */
function goModule(module, version) {
  return JSON.parse(read(['go', 'mod', 'download', '-json', `${module}@v${version}`])).Dir;
}

/** A static program, so that an image needs no library for it. */
const GO_ENV = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-modcacherw' };
const GO_FLAGS = ['-trimpath', '-ldflags', '-s -w'];

/**
 * @param {string} name
 * @param {string} main
 * @param {string} version
 */
function goProgram(name, main, version) {
  return cached(`${name}-${version}`, (folder) => {
    read(['go', 'install', ...GO_FLAGS, `${main}@v${version}`], { ...GO_ENV, GOBIN: folder });
    return path.join(folder, path.basename(main));
  });
}

function kubectl() {
  return cached(`kubectl-${KUBECTL_VERSION}`, (folder) => {
    /** @param {string[]} args */
    const go = (...args) => read(['go', '-C', folder, ...args], GO_ENV);
    copyFileSync(path.join(RECIPES, 'kubectl.go'), path.join(folder, 'main.go'));
    go('mod', 'init', 'kubectl');
    for (const name of ['kubectl', 'component-base']) go('get', `k8s.io/${name}@v${KUBECTL_VERSION}`);
    go('build', '-mod=mod', ...GO_FLAGS, '-o', 'kubectl');
    return path.join(folder, 'kubectl');
  });
}

/**
 * Renamed into place, so that a build which was interrupted leaves no incomplete program.
 * @param {string} name
 * @param {(folder: string) => string} build
 */
function cached(name, build) {
  const file = path.join(CACHE, name);
  if (existsSync(file)) return file;
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(path.join(CACHE, 'building-'));
  try {
    renameSync(build(folder), file);
    return file;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The one that `npm start` uses. */
async function temporalCli() {
  const { findTemporalCli } = await importBuilt('start', 'temporal', 'find-cli.js');
  return findTemporalCli({
    setting: process.env.PERENNIAL_TEST_TEMPORAL_CLI,
    searchPath: process.env.PATH ?? '',
    cacheDir: path.dirname(CACHE),
    env: process.env,
    say: (/** @type {string} */ line) => console.error(line),
    signal: new AbortController().signal,
  });
}
