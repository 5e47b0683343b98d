import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, BlockList, createServer, isIP, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { RuntimeFailure } from '../../failure';
import { withTimeLimit } from '../../time-limit';
import type { ExecPlace } from '../exec-channel/channels';
import { runCommand } from '../exec-channel/run-command';

/** Whether the cluster enforces network policies, as far as a pod could be made to try. */
export interface NetworkProbe {
  /** From inside a pod that no policy lets reach this process. Once, until something was found; never fails, and takes seconds at most. */
  tryFrom(place: ExecPlace, signal: AbortSignal): Promise<void>;
  /** For the warnings of a build; none unless a pod certainly got through. */
  warnings(): string[];
}

export interface NetworkProbeOptions {
  /** Ranges of addresses that policies close. */
  closed: string[];
  say(level: 'info' | 'warn', message: string): void;
  /** This machine's own addresses; by default those of its interfaces. */
  addresses?: string[];
}

/** A pod's own patience is less. */
const LIMIT_MS = 5_000;
const MOST_ADDRESSES = 4;
const NO_TOOL = 3;
const NOT_ENFORCED = 'the cluster does not enforce network policies: workspaces reach each other and private addresses';

/** Says a word to every address at once, by whatever the image has. */
const SAY_WORD = `word=$1 port=$2; shift 2
for address; do
  case $address in *:*) host="[$address]" ;; *) host=$address ;; esac
  if command -v nc; then echo "$word" | nc -w 2 "$address" "$port"
  elif command -v curl; then curl -s -m 2 "http://$host:$port/$word"
  elif command -v wget; then wget -q -T 2 -O - "http://$host:$port/$word"
  elif command -v bash && command -v timeout; then timeout 2 bash -c 'echo "$1" >"/dev/tcp/$2/$3"' bash "$word" "$address" "$port"
  else exit ${NO_TOOL}; fi &
done >/dev/null 2>&1
wait "$!"
code=$?
wait
[ "$code" != ${NO_TOOL} ]`;

/** Nothing was tried yet. */
export function createNetworkProbe(options: NetworkProbeOptions): NetworkProbe {
  const { closed, say, addresses = ownAddresses() } = options;
  const tried = addresses.filter(isWithin(closed)).slice(0, MOST_ADDRESSES);
  let found: 'open' | 'closed' | null = null;
  let trying: Promise<void> | null = null;
  const attempt = async (place: ExecPlace, signal: AbortSignal) => {
    if (tried.length === 0) return;
    try {
      found = (await isReached(place, tried, signal)) ? 'open' : 'closed';
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      return say('info', `whether network policies are enforced could not be tried: ${error.message}`);
    }
    if (found === 'open') say('warn', `${NOT_ENFORCED} (a pod in ${place.namespace} reached this worker)`);
    else say('info', `network policies seem to be enforced: no pod in ${place.namespace} reached this worker`);
  };
  return {
    async tryFrom(place, signal) {
      if (found !== null) return;
      trying ??= attempt(place, signal)
        .catch(() => undefined)
        .finally(() => {
          trying = null;
        });
      await trying;
    },
    warnings: () => (found === 'open' ? [NOT_ENFORCED] : []),
  };
}

async function isReached(place: ExecPlace, addresses: string[], signal: AbortSignal): Promise<boolean> {
  const word = randomBytes(16).toString('hex');
  const { server, heard } = await listenFor(word);
  try {
    const { port } = server.address() as AddressInfo;
    const argv = ['sh', '-c', SAY_WORD, 'sh', word, String(port), ...addresses];
    const limit = { what: `the try of pod ${place.pod} to reach this worker`, limitMs: LIMIT_MS, signal };
    const { exitCode } = await withTimeLimit(limit, (limited) => runCommand(place, { argv }, limited));
    if (exitCode !== 0 && !heard()) throw new RuntimeFailure('RuntimeUnavailable', 'its image has no program for it');
    return heard();
  } finally {
    server.close();
  }
}

/** A server that takes no more than the one word. */
async function listenFor(word: string): Promise<{ server: Server; heard(): boolean }> {
  let isHeard = false;
  const server = createServer((socket) => {
    let text = '';
    socket.setTimeout(LIMIT_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1', 0, 256);
      isHeard ||= text.includes(word);
      if (isHeard || text.length > 256) socket.destroy();
    });
  });
  // On all addresses of both kinds, or of IPv4 where there is no other.
  server.listen({ port: 0 });
  await Promise.race([once(server, 'listening'), once(server, 'error').then(([error]) => Promise.reject(error))]);
  return { server, heard: () => isHeard };
}

function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.filter(({ internal, address }) => !internal && !/^fe80:/i.test(address)).map(({ address }) => address);
}

/** What policies leave open proves nothing. */
function isWithin(ranges: string[]): (address: string) => boolean {
  const list = new BlockList();
  const kind = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
  for (const range of ranges) {
    const [address = '', bits = ''] = range.split('/');
    list.addSubnet(address, Number(bits), kind(address));
  }
  return (address) => list.check(address, kind(address));
}
