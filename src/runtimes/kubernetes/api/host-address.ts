import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import { CoreV1Api } from '@kubernetes/client-node';
import { accessOf } from './credentials';
import { loadKubeconfig } from './kubeconfig';
import { openTransport } from './transport';

const TIMEOUT_MS = 10_000;
/** Of no service; a datagram socket sends nothing when it connects. */
const ANY_PORT = 9;

/**
 * The address of this machine on its way to the nodes of the cluster, by which pods reach it in most clusters that run on one machine.
 * Rejects where the nodes cannot be listed.
 */
export async function hostAddressFor(options: { kubeconfig: string; context?: string }): Promise<string> {
  const transport = openTransport(accessOf(loadKubeconfig(options)), TIMEOUT_MS);
  try {
    const { items } = await new CoreV1Api(transport.configuration).listNode({ limit: 1 });
    const address = items[0]?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '';
    if (isIP(address) === 0) throw new Error('expected a node with an internal address, got none');
    return await sourceTowards(address);
  } finally {
    transport.close();
  }
}

/** The source address that the system would give to packets for this address. */
function sourceTowards(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
    socket.once('error', reject);
    socket.connect(ANY_PORT, address, () => {
      const source = socket.address().address;
      socket.close();
      resolve(source);
    });
  });
}
