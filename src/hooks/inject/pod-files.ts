import { createHash } from 'node:crypto';
import { KEPT_BY_SHELLS } from '../shell/kept-variables';
import { readScript } from '../shell/read-script';
import type { InjectedSet } from './injected-set';
import { type PodFile, programFile } from './pod-file';
import { listSshFiles } from './ssh-files';

const ENVIRONMENT = readScript(__dirname, 'scripts', 'environment.sh');
const CREDENTIAL_HELPER = readScript(__dirname, 'scripts', 'git-credential-perennial.sh');
/** The command `perennial` of a workspace, where this installation has it. */
const COMMAND = readScript(__dirname, '..', 'scripts', 'workspace-command.sh');

/** All that is written into a pod. */
export interface PodFiles {
  files: PodFile[];
  /** Of the home: `path` becomes a link to the file `files/<name>`. */
  links: { path: string; name: string }[];
  /** Sentences about what cannot be delivered as it is. */
  warnings: string[];
}

/** The files that a set becomes. */
export function listPodFiles(set: InjectedSet): PodFiles {
  const env = set.env.filter(({ value }) => !value.includes(0));
  const credentials = set.credentials.filter(isCredential);
  // The name of a file depends on its path alone, so that a link leads to no other secret in a later set.
  const targets = set.files.map((file) => ({ ...file, name: hashOf(file.path) }));
  return {
    files: [
      { name: 'environment.sh', content: environmentFile(set.access, env) },
      programFile('git-credential-perennial', CREDENTIAL_HELPER),
      ...(set.access === null ? [] : [{ name: 'token', content: Buffer.from(`${set.access.token}\n`) }]),
      ...(set.access === null ? [] : [programFile('perennial', COMMAND)]),
      ...listSshFiles(set),
      ...(credentials.length === 0 ? [] : [{ name: 'credentials', content: credentialsFile(credentials) }]),
      ...targets.map(({ value, name }) => ({ name: `files/${name}`, content: value })),
    ],
    links: targets.map(({ value: _, ...link }) => link),
    warnings: [
      ...set.env.filter(({ value }) => value.includes(0)).map(({ name }) => `the secret for variable ${name} holds a NUL byte`),
      ...set.credentials
        .filter((credential) => !isCredential(credential))
        .map(({ host }) => `the credential for ${host} holds a line break, which Git does not accept`),
    ],
  };
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

const BREAKS = /[\n\r\0]/;
type Credential = InjectedSet['credentials'][number];
const isCredential = ({ host, username, password }: Credential): boolean => !BREAKS.test(host + username + password);

function credentialsFile(credentials: Credential[]): Buffer {
  const blocks = credentials.map(({ host, username, password, expiresAt }) =>
    [
      `host=${host}`,
      `username=${username}`,
      `password=${password}`,
      ...(expiresAt === null ? [] : [`password_expiry_utc=${Math.floor(expiresAt)}`]),
    ].join('\n'),
  );
  return Buffer.from(`${blocks.join('\n')}\n`);
}

function environmentFile(access: InjectedSet['access'], env: InjectedSet['env']): Buffer {
  const own = access === null ? [] : [exportLine('PERENNIAL_URL', Buffer.from(access.url))];
  return Buffer.concat([...env.map(({ name, value }) => exportLine(name, value)), ...own, Buffer.from(`${ENVIRONMENT}\n`)]);
}

function exportLine(name: string, value: Buffer): Buffer {
  const line = Buffer.concat([Buffer.from(`export ${name}=`), quoteBytes(value)]);
  // A shell that refuses a value of its own variable ends.
  const guarded = KEPT_BY_SHELLS.has(name) ? [Buffer.from('('), line, Buffer.from(') 2>/dev/null && ')] : [];
  return Buffer.concat([...guarded, line, Buffer.from('\n')]);
}

/** One byte is one character in this encoding, so that all bytes stay as they are. */
const quoteBytes = (value: Buffer): Buffer => Buffer.from(`'${value.toString('latin1').replaceAll("'", `'\\''`)}'`, 'latin1');
