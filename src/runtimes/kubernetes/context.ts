import type { ClusterApi } from './api/cluster-api';
import type { ImageCache } from './image/image-cache';
import type { EventInformer } from './informer/event-informer';
import type { PodInformer } from './informer/pod-informer';
import type { NetworkProbe } from './namespace/network-probe';
import type { ClusterSettings } from './settings';

/** What every verb uses: one cluster, what is cached of it, and its settings. */
export interface ClusterContext {
  api: ClusterApi;
  pods: PodInformer;
  events: EventInformer;
  images: ImageCache;
  network: NetworkProbe;
  settings: ClusterSettings;
  /** The namespace of an organization's workspaces. */
  namespaceOf(organization: string): string;
}
