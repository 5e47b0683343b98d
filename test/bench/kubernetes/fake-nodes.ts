/** Nodes whose pods are ready at once and run only what is exec'd into them, by the tool that made the cluster. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const NODES = 10;
const run = promisify(execFile);

export interface FakeNodes {
  /** A namespace whose pods all go to the fake nodes. */
  makeNamespace(name: string): Promise<void>;
  /** Removes those nodes that were not there before; only after their pods. */
  end(): Promise<void>;
}

export async function makeFakeNodes(tool: string): Promise<FakeNodes> {
  const { stdout } = await run(tool, ['kubectl', 'get', 'nodes', '-l', 'type=fake', '-o', 'name']);
  const before = stdout.split('\n').filter((name) => name !== '').length;
  if (before < NODES) await run(tool, ['fake-nodes', String(NODES)]);
  return {
    makeNamespace: async (name) => void (await run(tool, ['fake-namespace', name])),
    end: async () => {
      if (before < NODES) await run(tool, ['fake-nodes', String(before)]);
    },
  };
}
