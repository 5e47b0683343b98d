import type { V1NetworkPolicyPeer, V1PodSpec } from '@kubernetes/client-node';

/** The settings that differ between clusters. */
export interface ClusterSettings {
  /** Of the homes' claims; null is the cluster's default class. */
  storageClass: string | null;
  /** Of the homes' claims; `ReadWriteOncePod` lets the storage itself exclude a second pod, where its driver can. */
  accessMode: 'ReadWriteOnce' | 'ReadWriteOncePod';
  /** `Always` resolves a tag at the registry for each build; `IfNotPresent` uses the content on the node. */
  imagePullPolicy: 'Always' | 'IfNotPresent';
  /** The id of this installation, where several share a cluster; null manages the objects of all. */
  installation: string | null;
  /** Names of pull secrets in each organization's namespace. */
  imagePullSecrets: string[];
  pod: PodSettings;
  network: NetworkSettings;
}

/** Placement and limits of the pods of workspaces and of image probes; an absent field is the cluster's default. */
export interface PodSettings
  extends Pick<V1PodSpec, 'runtimeClassName' | 'nodeSelector' | 'tolerations' | 'priorityClassName' | 'hostUsers'> {
  /** Disk space of a workspace outside its home, as Kubernetes quantities. */
  ephemeralStorage?: { request?: string; limit?: string };
}

/** The addresses that workspaces reach, where the cluster enforces network policies. */
export interface NetworkSettings {
  /** The name servers, and their ports. */
  dns: { peers: V1NetworkPolicyPeer[]; ports: number[] };
  /** Address ranges that workspaces do not reach, except for `dns` and `gateway`. */
  closed: string[];
  /** Where the gateway listens outside of the cluster. Absent: its pods in the namespace `perennial-system`. */
  gateway?: { address: string; port: number };
}

/** Private networks, which include other workspaces, and addresses of the clouds' own services. */
const CLOSED_V4 = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  // Link-local, with the metadata of most clouds.
  '169.254.0.0/16',
  // Shared by carriers and clouds.
  '100.64.0.0/10',
  // Azure's platform services.
  '168.63.129.16/32',
  // Benchmarks of networks, multicast, and reserved addresses.
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** The same for IPv6, and the prefixes that embed an IPv4 address. */
const CLOSED_V6 = ['fc00::/7', 'fe80::/10', 'ff00::/8', '64:ff9b::/96', '64:ff9b:1::/48', '2002::/16'];

/** The name service where nearly all clusters have it, and the address of its cache on each node. */
const DNS_PEERS: V1NetworkPolicyPeer[] = [
  {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
    podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
  },
  { ipBlock: { cidr: '169.254.20.10/32' } },
];

/** The defaults. */
export const CLUSTER_DEFAULTS: ClusterSettings = {
  storageClass: null,
  accessMode: 'ReadWriteOnce',
  imagePullPolicy: 'Always',
  installation: null,
  imagePullSecrets: [],
  pod: {},
  network: { dns: { peers: DNS_PEERS, ports: [53] }, closed: [...CLOSED_V4, ...CLOSED_V6] },
};
