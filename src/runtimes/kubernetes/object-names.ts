/** The pod of a workspace: one fixed name, so that the API server refuses a second pod. */
export const podName = (id: string): string => `ws-${id}`;

/** The claim of a workspace's home. */
export const claimName = (id: string): string => `ws-${id}-home`;
