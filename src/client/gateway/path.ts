/** The path of a workspace on a gateway. */
export const workspacePath = (owner: string, name: string): string =>
  `/v1/workspaces/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;
