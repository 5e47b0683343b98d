/** A registry of a few lines on each node of the cluster, which answers for each repository as its name says. */
import { randomInt } from 'node:crypto';
import { AppsV1Api } from '@kubernetes/client-node';
import { until } from '../until';
import { administer, NEXT_IMAGE } from './cluster-env';

const NAMESPACE = 'default';

export interface Registry {
  /** The reference of an image in a repository of this name, as the node's container runtime takes it. */
  image(repository: 'missing' | 'denied' | 'away' | 'cut'): string;
  end(): Promise<void>;
}

/** One request, of which the first line is enough. */
const handler = (port: number): string => `#!/bin/sh
read -r method path rest
while read -r line && [ "\${#line}" -gt 1 ]; do :; done
say() {
  printf 'HTTP/1.1 %s\\r\\n%bContent-Type: application/json\\r\\nContent-Length: %s\\r\\nConnection: close\\r\\n\\r\\n' "$1" "$3" "\${#2}"
  [ "$method" = HEAD ] || printf %s "$2"
}
case $path in
  /v2/missing/*) say '404 Not Found' '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}' ;;
  /v2/away/*) say '503 Service Unavailable' '{}' ;;
  /v2/denied/*)
    say '401 Unauthorized' '{"errors":[{"code":"UNAUTHORIZED"}]}' \\
      'WWW-Authenticate: Bearer realm="http://localhost:${port}/token",service="registry",scope="repository:denied:pull"\\r\\n' ;;
  /token*) say '401 Unauthorized' '{}' ;;
  /v2/cut/*) ;;
  *) say '200 OK' '{}' ;;
esac`;

/** On every node, since container runtimes use plain HTTP only with a registry on their own machine. */
export async function startRegistry(): Promise<Registry> {
  const apps = administer(AppsV1Api);
  const port = randomInt(20_000, 30_000);
  const name = `registry-${port}`;
  const script = 'printf "%s\\n" "$1" >/tmp/answer; chmod 755 /tmp/answer; exec nc -ll -p "$2" -e /tmp/answer';
  const command = ['sh', '-c', script, 'sh', handler(port), String(port)];
  const labels = { app: name };
  const spec = {
    hostNetwork: true,
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'registry', image: NEXT_IMAGE, command, imagePullPolicy: 'IfNotPresent' }],
  };
  await apps.createNamespacedDaemonSet({
    namespace: NAMESPACE,
    body: { metadata: { name }, spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } } },
  });
  const isOnAllNodes = async () => {
    const { status } = await apps.readNamespacedDaemonSet({ namespace: NAMESPACE, name });
    return status !== undefined && status.desiredNumberScheduled > 0 && status.numberReady === status.desiredNumberScheduled;
  };
  await until('the registry runs on each node', isOnAllNodes);
  return {
    image: (repository) => `localhost:${port}/${repository}:1`,
    end: async () => void (await apps.deleteNamespacedDaemonSet({ namespace: NAMESPACE, name })),
  };
}
