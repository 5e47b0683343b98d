/** What keeps a proxy away from connections that it has no part in. gRPC for Node takes one from the environment for every address. */
import type { ConnectionOptions } from '@temporalio/client';

const DEFAULT_ADDRESS = 'localhost:7233';
/** As `no_proxy` lists them. */
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/** The same options, and straight to the server where that is this machine. */
export function withoutProxyToLoopback<Options extends ConnectionOptions>(options: Options): Options {
  if (!isLoopback(options.address || DEFAULT_ADDRESS)) return options;
  return { ...options, channelArgs: { ...options.channelArgs, 'grpc.enable_http_proxy': 0 } };
}

/**
 * What to change in an environment so that `no_proxy` holds as everywhere else, whichever its case and spacing, and names this machine
 * too: gRPC for Node reads it in small letters, without blanks, and does not know the star that means every address.
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

/** Whether an address, `host`, `host:port`, or `[host]:port`, is this machine for sure. */
function isLoopback(address: string): boolean {
  try {
    // A URL writes every form of an IP address in one way.
    const { hostname } = new URL(`http://${address.replace(/^\w+:\/\//, '')}`);
    return /^(?:.*\.)?localhost\.?$|^127\.\d+\.\d+\.\d+$|^\[::1\]$|^\[::ffff:7f[\da-f]{2}:[\da-f]+\]$/.test(hostname);
  } catch {
    return false;
  }
}
