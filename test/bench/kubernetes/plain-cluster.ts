/** The baseline: the cluster through an unmodified client-node with one keep-alive agent. */
import { Agent } from 'node:https';
import { PassThrough, Writable } from 'node:stream';
import { CoreV1Api, Exec, KubeConfig, type RequestContext, type V1Status } from '@kubernetes/client-node';
import { MAIN_CONTAINER } from '../../../src/runtimes/kubernetes/pod/container-status';
import { openPodSight, type PodSight } from './pod-sight';

export interface PlainCluster {
  core: CoreV1Api;
  /** A watch of its own on all pods of a namespace. */
  watch(namespace: string): Promise<PodSight>;
  /**
   * Runs a command in a workspace's main container; rejects with the cluster's message for a failed one. It gets the input, and has to
   * know its length.
   */
  exec(at: { namespace: string; name: string }, argv: string[], input?: Buffer): Promise<void>;
  close(): void;
}

export function openPlainCluster(kubeconfig: string): PlainCluster {
  const config = new SharedAgentConfig();
  config.loadFromFile(kubeconfig);
  const exec = new Exec(config);
  return {
    core: config.makeApiClient(CoreV1Api),
    watch: (namespace) => openPodSight(config, namespace),
    exec: ({ namespace, name }, argv, input) =>
      new Promise((resolve, reject) => {
        const onEnd = (status: V1Status) =>
          status.status === 'Success' ? resolve() : reject(new Error(`${argv.join(' ')} in ${name}: ${status.message}`));
        exec
          .exec(namespace, name, MAIN_CONTAINER, argv, nowhere(), nowhere(), input ? openInput(input) : null, false, onEnd)
          // The socket's own event holds the request with its credentials.
          .catch(({ message }: Error) => reject(new Error(`${argv.join(' ')} in ${name}: ${message}`)));
      }),
    close: () => config.agent?.destroy(),
  };
}

/** Without an end, which not every server can pass on. */
function openInput(input: Buffer): PassThrough {
  const stream = new PassThrough();
  stream.write(input);
  return stream;
}

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });

/** The library makes an agent for each call, and so a connection. */
class SharedAgentConfig extends KubeConfig {
  agent: Agent | null = null;

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context);
    const made = context.getAgent() as Agent;
    this.agent ??= new Agent({ ...made.options, keepAlive: true });
    context.setAgent(this.agent);
  }
}
