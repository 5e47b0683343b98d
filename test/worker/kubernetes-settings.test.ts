/** The settings that the worker refuses at its start, and the messages. */
import { CLUSTER_DEFAULTS } from '../../src/runtimes/kubernetes/settings';
import { readSettings } from '../../src/worker/settings';

const POD = {
  runtimeClassName: 'gvisor',
  nodeSelector: { 'example.com/pool': 'workspaces' },
  tolerations: [{ key: 'example.com/workspaces', operator: 'Exists', effect: 'NoSchedule' }],
  priorityClassName: 'workspaces',
  hostUsers: false,
  ephemeralStorage: { request: '1Gi', limit: '20Gi' },
};

test('Without any variable, a tag is resolved at each build, and addresses and peers are the safe ones.', () => {
  const { storageClass, accessMode, imagePullPolicy, imagePullSecrets, pod, network } = CLUSTER_DEFAULTS;
  const expected = { storageClass, accessMode, imagePullPolicy, imagePullSecrets, pod, network, kubeconfig: null };
  expect(readSettings({}).kubernetes).toEqual(expected);
  expect(imagePullPolicy).toBe('Always');
});

test('The settings of pods and of the network are JSON, and each list replaces its default.', () => {
  const network = { dns: { peers: [{ ipBlock: { cidr: '10.96.0.10/32' } }] } };
  const { kubernetes } = readSettings({
    PERENNIAL_KUBERNETES_POD: JSON.stringify(POD),
    PERENNIAL_KUBERNETES_NETWORK: JSON.stringify(network),
    PERENNIAL_KUBERNETES_ACCESS_MODE: 'ReadWriteOncePod',
  });
  expect(kubernetes).toMatchObject({ pod: POD, accessMode: 'ReadWriteOncePod' });
  const { closed, dns } = CLUSTER_DEFAULTS.network;
  expect(kubernetes.network).toEqual({ closed, dns: { peers: network.dns.peers, ports: dns.ports } });
});

test.each([
  ['PERENNIAL_KUBERNETES_POD', '{"runtimeClassName":', 'expected an object in JSON'],
  ['PERENNIAL_KUBERNETES_POD', '[]', 'PERENNIAL_KUBERNETES_POD'],
  ['PERENNIAL_KUBERNETES_POD', '{"hostNetwork":true}', 'hostNetwork'],
  ['PERENNIAL_KUBERNETES_POD', '{"hostUsers":"no"}', '(hostUsers)'],
  ['PERENNIAL_KUBERNETES_POD', '{"tolerations":[{"effect":"Never"}]}', '(tolerations.0.effect)'],
  ['PERENNIAL_KUBERNETES_POD', '{"ephemeralStorage":{"limit":"much"}}', 'expected a quantity such as 20Gi'],
  ['PERENNIAL_KUBERNETES_POD', '{"nodeSelector":{"pool":"a b"}}', 'expected the value of a label'],
  ['PERENNIAL_KUBERNETES_NETWORK', '{"closed":["10.0.0.0"]}', 'expected a range of addresses such as 10.0.0.0/8'],
  ['PERENNIAL_KUBERNETES_NETWORK', '{"closed":["10.0.0.0/33"]}', '(closed.0)'],
  ['PERENNIAL_KUBERNETES_NETWORK', '{"dns":{"peers":[{}]}}', 'expected ipBlock, or namespaceSelector and podSelector'],
  ['PERENNIAL_KUBERNETES_NETWORK', '{"dns":{"ports":[0]}}', '(dns.ports.0)'],
  ['PERENNIAL_KUBERNETES_ACCESS_MODE', 'ReadWriteMany', 'ReadWriteOncePod'],
  ['PERENNIAL_KUBERNETES_IMAGE_PULL_POLICY', 'Never', 'IfNotPresent'],
])('%s set to %s is refused with the name of the variable and the field.', (name, value, words) => {
  const read = () => readSettings({ [name]: value });
  expect(read).toThrow(name);
  expect(read).toThrow(words);
});

test.each([
  ['http://10.1.2.3:8080', { address: '10.1.2.3', port: 8080 }],
  ['https://10.1.2.3', { address: '10.1.2.3', port: 443 }],
  ['http://[fd00::1]:8080', { address: 'fd00::1', port: 8080 }],
  ['http://perennial-gateway.perennial-system.svc:8080', undefined],
  ['', undefined],
])('The network policy opens the address in the gateway’s URL %j, and for a name the gateway’s pods.', (url, gateway) => {
  const { kubernetes } = readSettings({ PERENNIAL_GATEWAY_URL: url });
  expect(kubernetes.network?.gateway).toEqual(gateway);
});
