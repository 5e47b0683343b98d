import type { Client } from '@temporalio/client';

/**
 * Identifies one Perennial among several that share a cluster: the id of its Temporal namespace, a UUID that the server made with the
 * namespace, and that no other namespace has on any server.
 */
export async function installationOf({ connection, options: { namespace } }: Client): Promise<string> {
  const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace });
  if (!namespaceInfo?.id) throw new Error(`expected Temporal to know the id of namespace ${namespace}, got none`);
  return namespaceInfo.id;
}
