/** Keeps connections to this machine off a proxy: gRPC for Node uses that of the environment for every address. */
import type { ConnectionOptions } from '@temporalio/client';

const DEFAULT_ADDRESS = 'localhost:7233';
/** The names in `no_proxy`. */
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/** The same options, without a proxy where the address is of this machine. */
export function withoutProxyToLoopback<Options extends ConnectionOptions>(options: Options): Options {
  if (!isLoopback(options.address || DEFAULT_ADDRESS)) return options;
  return { ...options, channelArgs: { ...options.channelArgs, 'grpc.enable_http_proxy': 0 } };
}

/**
 * The changes to an environment after which gRPC for Node honours `no_proxy` in either case, with blanks, and with `*` for every address
 * (of itself it reads the lower-case name only, and neither blanks nor `*`), and never uses a proxy for this machine.
 */
export function settleNoProxy(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const listed = [env.no_grpc_proxy, env.no_proxy, env.NO_PROXY].find((text) => text) ?? '';
  const names = listed
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const list = [...new Set([...names, ...LOOPBACK])].join(',');
  const proxies = names.includes('*') ? Object.keys(env).filter((name) => /^(?:grpc|https?|all)_proxy$/i.test(name)) : [];
  return { ...Object.fromEntries(proxies.map((name) => [name, ''])), no_grpc_proxy: '', no_proxy: list, NO_PROXY: list };
}

/** Whether an address (`host`, `host:port`, or `[host]:port`) is certainly of this machine. */
function isLoopback(address: string): boolean {
  try {
    // URL normalizes every form of an IP address.
    const { hostname } = new URL(`http://${address.replace(/^\w+:\/\//, '')}`);
    return /^(?:.*\.)?localhost\.?$|^127\.\d+\.\d+\.\d+$|^\[::1\]$|^\[::ffff:7f[\da-f]{2}:[\da-f]+\]$/.test(hostname);
  } catch {
    return false;
  }
}
