import type { Client } from '@temporalio/client';

/**
 * What tells one Perennial from another that uses the same cluster: the id that Temporal gave the namespace when it was made, a
 * UUID, which no other namespace ever has, on whichever server.
 */
export async function installationOf({ connection, options: { namespace } }: Client): Promise<string> {
  const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace });
  if (!namespaceInfo?.id) throw new Error(`expected Temporal to know the id of namespace ${namespace}, got none`);
  return namespaceInfo.id;
}
