import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, BlockList, createServer, isIP, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { RuntimeFailure } from '../../failure';
import { withTimeLimit } from '../../time-limit';
import type { ExecTarget } from '../exec-channel/channels';
import { runCommand } from '../exec-channel/run-command';

/** Whether the cluster enforces network policies, as found out by a pod that tries to reach this process. */
export interface NetworkProbe {
  /** Tries from a pod that policies should keep from this process. Repeated calls do nothing once there is a result. Never fails, and takes seconds at most. */
  probeFrom(target: ExecTarget, signal: AbortSignal): Promise<void>;
  /** For the warnings of a build; none unless a pod certainly reached this process. */
  warnings(): string[];
}

/** The options of a network probe. */
export interface NetworkProbeOptions {
  /** Address ranges that policies close, in CIDR notation. */
  closed: string[];
  log(level: 'info' | 'warn', message: string): void;
  /** Addresses of this machine; by default those of its interfaces. */
  addresses?: string[];
}

/** Longer than the timeout of the programs in the pod. */
const LIMIT_MS = 5_000;
const MAX_ADDRESSES = 4;
const NO_TOOL = 3;
const NOT_ENFORCED = 'the cluster does not enforce network policies: workspaces reach each other and private addresses';

/** Sends a token to all addresses in parallel, with the first of the programs that the image has. */
const SEND_TOKEN = `word=$1 port=$2; shift 2
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

/** A probe that has not tried yet. */
export function createNetworkProbe(options: NetworkProbeOptions): NetworkProbe {
  const { closed, log, addresses = ownAddresses() } = options;
  const tried = addresses.filter(isWithin(closed)).slice(0, MAX_ADDRESSES);
  let found: 'open' | 'closed' | null = null;
  let trying: Promise<void> | null = null;
  const attempt = async (target: ExecTarget, signal: AbortSignal) => {
    if (tried.length === 0) return;
    try {
      found = (await isWorkerReached(target, tried, signal)) ? 'open' : 'closed';
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error;
      return log('info', `network policies: whether they are enforced could not be tried: ${error.message}`);
    }
    if (found === 'open') log('warn', `network policies: ${NOT_ENFORCED} (a pod in ${target.namespace} reached this worker)`);
    else log('info', `network policies: they seem to be enforced, no pod in ${target.namespace} reached this worker`);
  };
  return {
    async probeFrom(target, signal) {
      if (found !== null) return;
      trying ??= attempt(target, signal)
        .catch(() => undefined)
        .finally(() => {
          trying = null;
        });
      await trying;
    },
    warnings: () => (found === 'open' ? [NOT_ENFORCED] : []),
  };
}

async function isWorkerReached(target: ExecTarget, addresses: string[], signal: AbortSignal): Promise<boolean> {
  const token = randomBytes(16).toString('hex');
  const { server, isReached } = await listenFor(token);
  try {
    const { port } = server.address() as AddressInfo;
    const argv = ['sh', '-c', SEND_TOKEN, 'sh', token, String(port), ...addresses];
    const limit = { what: `the attempt of pod ${target.pod} to reach this worker`, limitMs: LIMIT_MS, signal };
    const { exitCode } = await withTimeLimit(limit, (limited) => runCommand(target, { argv }, limited));
    if (exitCode !== 0 && !isReached())
      throw new RuntimeFailure('RuntimeUnavailable', 'the image has none of nc, curl, wget, and bash with timeout');
    return isReached();
  } finally {
    server.close();
  }
}

/** A server that only reads, up to the token. */
async function listenFor(token: string): Promise<{ server: Server; isReached(): boolean }> {
  let isReached = false;
  const server = createServer((socket) => {
    let text = '';
    socket.setTimeout(LIMIT_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1', 0, 256);
      isReached ||= text.includes(token);
      if (isReached || text.length > 256) socket.destroy();
    });
  });
  // On all addresses of IPv6 and IPv4, or of IPv4 alone where there is no IPv6.
  server.listen({ port: 0 });
  await Promise.race([once(server, 'listening'), once(server, 'error').then(([error]) => Promise.reject(error))]);
  return { server, isReached: () => isReached };
}

function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.filter(({ internal, address }) => !internal && !/^fe80:/i.test(address)).map(({ address }) => address);
}

/** Reaching an address that policies leave open would prove nothing. */
function isWithin(ranges: string[]): (address: string) => boolean {
  const list = new BlockList();
  const kind = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
  for (const range of ranges) {
    const [address = '', bits = ''] = range.split('/');
    list.addSubnet(address, Number(bits), kind(address));
  }
  return (address) => list.check(address, kind(address));
}
