import type { ClusterApi } from './api';
import type { ImageBook } from './image-book';
import type { PodBook } from './pod-book';

/** What every verb stands on. */
export interface Ground {
  api: ClusterApi;
  pods: PodBook;
  images: ImageBook;
  settings: ClusterSettings;
  /** The namespace of an organization's workspaces. */
  namespaceOf(organization: string): string;
}

/** What differs between clusters. */
export interface ClusterSettings {
  /** Of the homes' claims; null is the cluster's default class. */
  storageClass: string | null;
  /** `Always` asks the registry at each build what a tag stands for; null leaves it to Kubernetes' own rule. */
  imagePullPolicy: 'Always' | 'IfNotPresent' | null;
  /** Which Perennial this is, where several use one cluster; null takes all for its own. */
  installation: string | null;
  /** Names of secrets in each organization's namespace. */
  imagePullSecrets: string[];
}

/** The pod of a workspace: one fixed name, so that the API server itself lets no second one be. */
export const podName = (id: string): string => `ws-${id}`;

/** The claim of a workspace's home. */
export const claimName = (id: string): string => `ws-${id}-home`;
