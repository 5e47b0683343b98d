import type { Exec } from '../hook';
import { cleanSentence } from '../last-lines';
import { maskText, type PreparedValues, prepareValues } from '../mask';
import { quote } from '../shell/quote';
import { readScript } from '../shell/read-script';
import type { InjectedSet, InjectionResult } from './injected-set';
import { fingerprintOf } from './key-fingerprint';
import { listPodFiles, type PodFiles } from './pod-files';
import { putCall } from './shell-call';

const SCRIPT = [
  readScript(__dirname, '..', 'scripts', 'process.sh'),
  readScript(__dirname, 'scripts', 'home-links.sh'),
  readScript(__dirname, 'scripts', 'inject.sh'),
].join('\n');

/** Reads everything first, as some shells read a script from a pipe byte by byte. */
const READ_AND_RUN = ['sh', '-c', 'eval "$(cat)"'];

const MAX_WARNINGS = 20;
/** Of what a pod prints. Its own answer has a few hundred lines at most. */
const MAX_ANSWER_CHARS = 65_536;

/** The pod did not take what it was given; `message` is one sentence without any value. The same call may succeed later. */
export class InjectionFailure extends Error {
  override readonly name = 'InjectionFailure';
}

/**
 * Writes a set into the memory of a pod with one command, whose standard input holds everything. The set replaces the one before in a single
 * step: what is not in it is removed. Safe to repeat, and at once with another call: then one of the two sets is there whole.
 * `order` is that of the set among all sets of the pod: one with a lower order than the set that is there is refused, an equal one is not.
 * @throws InjectionFailure; what `exec` throws
 */
export async function injectSecrets(exec: Exec, set: InjectedSet, order = 0): Promise<InjectionResult> {
  const pod = listPodFiles(set);
  pod.files.push({ name: 'order', content: Buffer.from(`${order}\n`) });
  const { exitCode, stdout } = await exec({ argv: READ_AND_RUN, stdin: composeScript(pod) });
  const clean = createCleaner(set);
  const lines = stdout.slice(-MAX_ANSWER_CHARS).split('\n');
  const textsOf = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  if (!lines.includes('done')) {
    const why = textsOf('failed')[0] ?? `its sh ended with exit code ${exitCode} and no answer`;
    throw new InjectionFailure(`the secrets could not be written into the pod: ${clean(why)}`);
  }
  const fingerprint = fingerprintOf(textsOf('key').at(-1) ?? '');
  if (set.sshKey !== null && pod.files.some(({ name }) => name === 'ssh/id_ed25519') && fingerprint === null) {
    throw new InjectionFailure('the SSH key could not be read back from the pod');
  }
  return { fingerprint, warnings: [...pod.warnings, ...textsOf('warning')].slice(0, MAX_WARNINGS).map(clean) };
}

function composeScript({ files, links }: PodFiles): string {
  const bytes = files.reduce((sum, { content }) => sum + content.length, 0);
  const calls = [
    'begin',
    ...files.map(putCall),
    `publish ${files.length} ${bytes}`,
    `record_links ${quote(links.map(({ path }) => path).join('\n'))}`,
    ...links.map(({ path, name }) => `link ${quote(path)} ${name}`),
    'finish',
  ];
  return `${SCRIPT}\n${calls.join('\n')}\n`;
}

/** A pod may print anything, also what it was given. Large values take a second to prepare, so they wait for the first sentence. */
function createCleaner(set: InjectedSet): (text: string) => string {
  let prepared: PreparedValues | null = null;
  return (text) => {
    prepared ??= prepareValues(valuesOf(set));
    return cleanSentence(maskText(text, prepared));
  };
}

function valuesOf({ access, sshKey, env, files, credentials }: InjectedSet): string[] {
  return [
    ...(access === null ? [] : [access.token]),
    ...(sshKey === null ? [] : [sshKey.privateKey]),
    ...[...env, ...files].map(({ value }) => value.toString('utf8')),
    ...credentials.map(({ password }) => password),
  ];
}
