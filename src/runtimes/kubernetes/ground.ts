import type { ClusterApi } from './api';
import type { EventBook } from './event-book';
import type { ImageBook } from './image-book';
import type { NetworkProbe } from './network-probe';
import type { PodBook } from './pod-book';
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

/** The pod of a workspace: one fixed name, so that the API server itself lets no second one be. */
export const podName = (id: string): string => `ws-${id}`;

/** The claim of a workspace's home. */
export const claimName = (id: string): string => `ws-${id}-home`;
