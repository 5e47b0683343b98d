/** Implements docs/policy.md, "Git hosts": the total check of the policy's field `git`. */
import { GIT_HOST } from '../../contract/git-host';
import type { GitHostPolicy } from '../../contract/policy';
import { asObject } from './fields';
import { invalid } from './refusal';

const MAX_HOSTS = 50;
const MAX_LINES = 20;
/** A line with an RSA key of 16384 bits has about 2,800. */
const MAX_LINE = 4_000;
/** All of it as JSON. Each workspace keeps the policy in its state, which has to stay under 200 KiB. */
const MAX_BYTES = 8 * 1024;

/** A name, or a name and a port in brackets, without wildcards: a line pins exactly the hosts that it names. */
const NAME = /^(?:\[[A-Za-z0-9.:-]+\]:\d{1,5}|[A-Za-z0-9.:-]+)$/;
const MARKERS = ['@cert-authority', '@revoked'];
const KEY_TYPE = /^[a-z0-9][a-z0-9@.-]{0,63}$/;
/** The bytes of a key begin with the length of its type, which is below 16 million. */
const KEY = /^AAAA[A-Za-z0-9+/]+={0,2}$/;

/** The Git hosts of a policy, each once. Nothing is corrected: a pushed policy has to be exactly what was stored. */
export function asGitHosts(field: string, value: unknown): GitHostPolicy[] {
  if (!Array.isArray(value) || value.length > MAX_HOSTS) {
    throw invalid(field, `a list of at most ${MAX_HOSTS} objects with host and knownHosts`, value);
  }
  const hosts = value.map((entry: unknown, index) => asGitHost(`${field}.${index}`, entry));
  for (const [index, { host }] of hosts.entries()) {
    if (hosts.findIndex((other) => other.host === host) < index) throw invalid(`${field}.${index}.host`, 'each host once', host);
  }
  // The checked lines are plain ASCII, so a character is a byte.
  const bytes = JSON.stringify(hosts).length;
  if (bytes > MAX_BYTES) throw invalid(field, `at most ${MAX_BYTES} bytes as JSON`, `${bytes} bytes`);
  return hosts;
}

function asGitHost(field: string, value: unknown): GitHostPolicy {
  const { host, knownHosts } = asObject(field, value);
  if (typeof host !== 'string' || !GIT_HOST.test(host)) {
    throw invalid(`${field}.host`, 'a host in lower case such as git.example.com', host);
  }
  if (!Array.isArray(knownHosts) || knownHosts.length > MAX_LINES) {
    throw invalid(`${field}.knownHosts`, `a list of at most ${MAX_LINES} lines of known_hosts`, knownHosts);
  }
  const lines = knownHosts.map((line: unknown, index) => asKnownHostsLine(`${field}.knownHosts.${index}`, line, host));
  return { host, knownHosts: lines };
}

/** A line as `ssh-keyscan` prints it. A hashed name is refused, since it hides for which host the key is. */
function asKnownHostsLine(field: string, value: unknown, host: string): string {
  if (typeof value === 'string' && value.length <= MAX_LINE && /^[\x20-\x7e]+$/.test(value)) {
    const parts = value.split(' ');
    const [names = '', type = '', key = ''] = MARKERS.includes(parts[0] ?? '') ? parts.slice(1) : parts;
    const isNamed = names.split(',').every((name) => NAME.test(name)) && names.split(',').some((name) => isNameOf(name, host));
    if (isNamed && KEY_TYPE.test(type) && KEY.test(key)) return value;
  }
  throw invalid(field, `a line of known_hosts that names ${host}, its type of key, and the key`, value);
}

/** The port of a Git host is that of HTTPS; SSH may have any. */
function isNameOf(name: string, host: string): boolean {
  const [hostName] = host.split(':');
  return name.replace(/^\[(.*)\]:\d+$/, '$1') === hostName;
}
