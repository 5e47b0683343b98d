import type { V1NetworkPolicyPeer, V1PodSpec } from '@kubernetes/client-node';

/** What differs between clusters. */
export interface ClusterSettings {
  /** Of the homes' claims; null is the cluster's default class. */
  storageClass: string | null;
  /** Of the homes' claims; `ReadWriteOncePod` lets the storage itself exclude a second pod, where its driver can. */
  accessMode: 'ReadWriteOnce' | 'ReadWriteOncePod';
  /** `Always` asks the registry at each build what a tag stands for; `IfNotPresent` takes what a node has. */
  imagePullPolicy: 'Always' | 'IfNotPresent';
  /** Which Perennial this is, where several use one cluster; null takes all for its own. */
  installation: string | null;
  /** Names of secrets in each organization's namespace. */
  imagePullSecrets: string[];
  pod: PodSettings;
  network: NetworkSettings;
}

/** Where and how pods of workspaces run, probes of images included; what is left out is the cluster's own default. */
export interface PodSettings
  extends Pick<V1PodSpec, 'runtimeClassName' | 'nodeSelector' | 'tolerations' | 'priorityClassName' | 'hostUsers'> {
  /** What a workspace may write outside its home, as Kubernetes quantities. */
  ephemeralStorage?: { request?: string; limit?: string };
}

/** What workspaces reach, where the cluster's network enforces policies. */
export interface NetworkSettings {
  /** Who answers for names, and on which ports. */
  dns: { peers: V1NetworkPolicyPeer[]; ports: number[] };
  /** The address ranges that they do not reach, but for `dns`. */
  closed: string[];
}

/** Private networks, other workspaces among them, and where clouds keep what is not for tenants. */
const CLOSED_V4 = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  // Link-local, with the metadata of most clouds.
  '169.254.0.0/16',
  // Shared by carriers and clouds.
  '100.64.0.0/10',
  // Azure's platform.
  '168.63.129.16/32',
  // Benchmarks of networks, multicast, and what is reserved.
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** The same, and those in which an address of the other kind hides. */
const CLOSED_V6 = ['fc00::/7', 'fe80::/10', 'ff00::/8', '64:ff9b::/96', '64:ff9b:1::/48', '2002::/16'];

/** The cluster's name service, where nearly all have it, and the cache on each node that stands before it. */
const DNS_PEERS: V1NetworkPolicyPeer[] = [
  {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
    podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
  },
  { ipBlock: { cidr: '169.254.20.10/32' } },
];

/** What holds where nothing is set. */
export const CLUSTER_DEFAULTS: ClusterSettings = {
  storageClass: null,
  accessMode: 'ReadWriteOnce',
  imagePullPolicy: 'Always',
  installation: null,
  imagePullSecrets: [],
  pod: {},
  network: { dns: { peers: DNS_PEERS, ports: [53] }, closed: [...CLOSED_V4, ...CLOSED_V6] },
};
