import { createHash } from 'node:crypto';
import { readScript } from '../shell/read-script';
import type { InjectedSet } from './injected-set';
import { type PodFile, programFile } from './pod-file';

const SSH = readScript(__dirname, 'scripts', 'ssh.sh');

/** `scp` and `sftp` name `ssh` by its full path, so they need a program of their own. */
const PROGRAMS = ['ssh', 'scp', 'sftp'];
/** Nothing with a meaning in the settings of ssh. */
const HOST = /^[\w.:-]{1,255}$/;
const KEY_TYPE = /^(?:ssh-|ecdsa-|sk-)/;

/** The owner's key, the pinned hosts, and the programs that use both; none without a key or a host. */
export function listSshFiles({ sshKey, gitHosts }: InjectedSet): PodFile[] {
  const hosts = [...new Set(gitHosts.map(({ host }) => withoutPort(host)).filter((host) => HOST.test(host)))];
  if (sshKey === null || hosts.length === 0) return [];
  const lists = `${hosts.join(' ')}\n${hosts.join(',')}\n`;
  const id = createHash('sha256').update(lists).digest('hex').slice(0, 16);
  return [
    file('id_ed25519', endLine(sshKey.privateKey)),
    file('id_ed25519.pub', endLine(sshKey.publicKey)),
    file('known_hosts', gitHosts.flatMap(({ host, knownHosts }) => knownHosts.map((line) => knownHost(host, line))).join('')),
    // What ssh.sh reads: the settings' own name, and the hosts as `Host` and as `Match` list them.
    file('hosts', `${id}\n${lists}`),
    ...PROGRAMS.map((name) => programFile(name, SSH)),
  ];
}

const file = (name: string, text: string): PodFile => ({ name: `ssh/${name}`, content: Buffer.from(text) });
const endLine = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);
/** An address of IPv6 holds more than one colon. */
const withoutPort = (host: string): string => host.replace(/^([^:]+):\d+$/, '$1');

/** A line of `known_hosts`; a line that is only a key is for the host itself. */
function knownHost(host: string, line: string): string {
  const text = line.replaceAll(/[\r\n]/g, ' ').trim();
  return `${KEY_TYPE.test(text) ? `${withoutPort(host)} ` : ''}${text}\n`;
}
