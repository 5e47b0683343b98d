import type { ClusterSettings } from '../../../src/runtimes/kubernetes/ground';

/** What a cluster has when nothing is set. */
export const CLUSTER: ClusterSettings = {
  storageClass: null,
  imagePullPolicy: null,
  imagePullSecrets: [],
  installation: null,
};
