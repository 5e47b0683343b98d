import type { ClusterApi } from './api/cluster-api';
import type { ImageBook } from './image/image-cache';
import type { EventBook } from './informer/event-informer';
import type { PodBook } from './informer/pod-informer';
import type { NetworkProbe } from './namespace/network-probe';
import type { ClusterSettings } from './settings';

/** What every verb stands on. */
export interface Ground {
  api: ClusterApi;
  pods: PodBook;
  events: EventBook;
  images: ImageBook;
  network: NetworkProbe;
  settings: ClusterSettings;
  /** The namespace of an organization's workspaces. */
  namespaceOf(organization: string): string;
}
